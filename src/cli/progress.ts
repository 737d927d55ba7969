/** Shows how far a long run is. */
export interface Progress {
  tell(deleted: number): void
  /** Leaves the place to what is said next. */
  end(): void
}

/** How often a plain line is written, in milliseconds: a log is read afterwards. */
const EVERY = 10_000

/** A bar on a terminal, a line now and then elsewhere; both on the standard error, which is not what the command answers. */
export async function progressOf(count: () => Promise<number>): Promise<Progress> {
  return process.stderr.isTTY ? bar(await count()) : lines()
}

export const silence: Progress = { tell: () => undefined, end: () => undefined }

async function bar(total: number): Promise<Progress> {
  const { SingleBar, Presets } = (await import('cli-progress')).default
  const format = '{bar} {percentage} % | {value} of {total} deleted | {eta_formatted} left'
  const shown = new SingleBar({ format, hideCursor: true, gracefulExit: false, clearOnComplete: true }, Presets.shades_classic)
  shown.start(total, 0)
  return { tell: (deleted) => shown.update(deleted), end: () => shown.stop() }
}

function lines(): Progress {
  let last = performance.now()
  return {
    tell(deleted) {
      if (performance.now() - last < EVERY) return
      last = performance.now()
      console.error(`${deleted} deleted so far`)
    },
    end: () => undefined,
  }
}
