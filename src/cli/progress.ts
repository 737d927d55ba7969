/** Displays the progress of a long run. */
export interface Progress {
  /** `count` is the total so far. */
  readonly update: (count: number) => void
  /** Removes the display, so that output can follow. */
  stop(): void
}

/** The interval between plain lines, in milliseconds. Long, because a log is read afterwards. */
const LOG_INTERVAL = 10_000

/**
 * A progress bar on a terminal, otherwise a line every ten seconds, also if `count` resolves to
 * `undefined`. `verb` says what is done, such as "deleted". Both are written to standard
 * error, because they are not the command's output.
 */
export async function createProgress(count: () => Promise<number | undefined>, verb = 'deleted'): Promise<Progress> {
  const total = process.stderr.isTTY ? await count() : undefined
  return total === undefined ? progressLines(verb) : progressBar(total, verb)
}

export const noProgress: Progress = { update: () => undefined, stop: () => undefined }

async function progressBar(total: number, verb: string): Promise<Progress> {
  const { SingleBar, Presets } = (await import('cli-progress')).default
  const format = `{bar} {percentage} % | {value} of {total} ${verb} | {eta_formatted} left`
  const bar = new SingleBar({ format, hideCursor: true, gracefulExit: false, clearOnComplete: true }, Presets.shades_classic)
  bar.start(total, 0)
  return { update: (deleted) => bar.update(deleted), stop: () => bar.stop() }
}

/** The number of rows that were read so far, of a number that is not known. */
export async function createRowProgress(): Promise<Progress> {
  if (!process.stderr.isTTY) return progressLines('read')
  const { SingleBar } = (await import('cli-progress')).default
  const bar = new SingleBar({ format: '{value} rows | {duration_formatted}', hideCursor: true, gracefulExit: false, clearOnComplete: true })
  bar.start(0, 0)
  return { update: (rows) => bar.update(rows), stop: () => bar.stop() }
}

function progressLines(verb: string): Progress {
  let last = performance.now()
  return {
    update(count) {
      if (performance.now() - last < LOG_INTERVAL) return
      last = performance.now()
      console.error(`${count} ${verb} so far`)
    },
    stop: () => undefined,
  }
}
