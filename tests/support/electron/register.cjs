/** Loaded before the built main: `electron` means the stand-in, for `import` and for `require`. */
const Module = require('node:module');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');

const standIn = join(__dirname, 'stand-in.cjs');
const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  return request === 'electron' ? standIn : resolveFilename.call(this, request, ...rest);
};
const hooks = `export const resolve = (specifier, context, next) =>
  specifier === 'electron' ? { url: ${JSON.stringify(pathToFileURL(standIn).href)}, shortCircuit: true } : next(specifier, context);`;
Module.register(`data:text/javascript,${encodeURIComponent(hooks)}`);
