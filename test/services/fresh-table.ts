let count = 0

/** Returns a new table name. */
export function freshTable(): string {
  count += 1
  return `t${process.pid}_${count}`
}
