/** Returns a function that prints each text once on the console. */
export function makeWarnOnce(): (text: string) => void {
  const printed = new Set<string>()
  return function warnOnce(text) {
    if (printed.has(text)) return
    printed.add(text)
    console.warn(`sojourn: ${text}`)
  }
}
