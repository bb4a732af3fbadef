/** How some curves are looked at; kept by whoever shows them, so that it outlives the plot. */
export class CurveLook {
  logX = $state(false);
  logY = $state(false);
  /** β of the moving average: 0 is the curve as it is. */
  smoothing = $state(0);

  constructor({ logY = false } = {}) {
    this.logY = logY;
  }
}
