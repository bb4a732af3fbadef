/** Page: connect to main, build the app, mount it. What goes wrong here has no window yet, so it is written into the page. */
import '@fontsource-variable/inter/index.css';
import { mount } from 'svelte';
import { App } from './app.svelte';
import Window from './App.svelte';
import { connectHost } from './connect';
import './ui/tokens.css';
import './ui/base.css';
import './ui/presentation.css';

const root = document.getElementById('app')!;
try {
  const connection = await connectHost();
  mount(Window, { target: root, props: { app: new App(connection) } });
} catch (error) {
  const text = document.createElement('p');
  text.className = 'stillborn';
  text.setAttribute('role', 'alert');
  text.textContent = `Chainrule could not start: ${error instanceof Error ? error.message : String(error)}`;
  root.replaceChildren(text);
}
