/** A handle or an id that begins with a dash, as one of 64 does. No option has this form. */
const DASHED = /^-(?:[\w-]{42}|[\w-]{15}\.[\w-]{32})$/

/** The arguments with such handles and ids after `--`, so that they are not taken for options. */
export function withOperands(args: readonly string[]): string[] {
  if (args.includes('--')) return [...args]
  const dashed = args.filter((text) => DASHED.test(text))
  return dashed.length === 0 ? [...args] : [...args.filter((text) => !DASHED.test(text)), '--', ...dashed]
}
