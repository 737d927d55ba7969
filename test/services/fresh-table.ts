let count = 0

/** A table that nobody had before. */
export function freshTable(): string {
  count += 1
  return `t${process.pid}_${count}`
}
