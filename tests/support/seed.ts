/**
 * Property tests draw the same cases in every run, so that a failure is a change of ours and not of luck.
 * `FAST_CHECK_SEED=random` (or a number) looks elsewhere: what it finds becomes an example of its test.
 */
import fc from 'fast-check';

const asked = process.env['FAST_CHECK_SEED'];
if (asked !== 'random') fc.configureGlobal({ seed: asked ? Number(asked) : 1 });
