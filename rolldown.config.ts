import type { RolldownOptions } from 'rolldown'
import manifest from './package.json' with { type: 'json' }

/** What is opened by name: the targets of `exports`, and the command. */
const targets = [
  manifest.bin.sojourn,
  ...Object.values(manifest.exports).flatMap((target) => (typeof target === 'string' ? [] : [target.default])),
].map((target) => target.slice('./dist/'.length, -'.js'.length))

/** One file for each import path, and others for what several share: to find and open a module takes longer than to run it. */
const options: RolldownOptions = {
  input: Object.fromEntries(targets.map((target) => [target, `src/${target}.ts`])),
  external: (id) => !/^[./]/.test(id),
  platform: 'neutral',
  output: { dir: 'dist', format: 'esm', sourcemap: true, chunkFileNames: 'shared/[name].js', comments: { jsdoc: false } },
}

export default options
