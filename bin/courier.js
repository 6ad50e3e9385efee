// The courier, as a farm forks it (src/cli/courier.ts).
require('./load.js').run('courier');
