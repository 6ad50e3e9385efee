// The renderer, as a supervisor forks it (src/renderer/main.ts).
require('./load.js').run('renderer');
