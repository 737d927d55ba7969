/**
 * Refuses a table that goes by the name of ours and has other columns: that of another library, say.
 *
 * @throws Error that says what to do.
 */
export function refuseForeignTable(table: string, columns: readonly string[], ours: readonly string[]): void {
  const missing = ours.find((name) => !columns.includes(name))
  if (missing === undefined) return
  throw new Error(
    `the table \`${table}\` is there, but it is not one of this package (it has no column \`${missing}\`). ` +
      'Name another: with the option `table`, or `?table=…` in the URL of the store.',
  )
}
