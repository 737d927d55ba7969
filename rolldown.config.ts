import type { RolldownOptions } from 'rolldown'
import manifest from './package.json' with { type: 'json' }

/** The targets of `exports` and the command, as paths in `dist` without extension. */
const targets = [
  manifest.bin.sojourn,
  ...Object.values(manifest.exports).flatMap((target) => (typeof target === 'string' ? [] : [target.default])),
].map((target) => target.slice('./dist/'.length, -'.js'.length))

/**
 * One file per import path, and further files for code that several of them share: finding and
 * opening a module takes longer than running it.
 */
const options: RolldownOptions = {
  input: Object.fromEntries(targets.map((target) => [target, `src/${target}.ts`])),
  external: (id) => !/^[./]/.test(id),
  platform: 'neutral',
  output: { dir: 'dist', format: 'esm', sourcemap: true, chunkFileNames: 'shared/[name].js', comments: { jsdoc: false } },
}

export default options
