/** A handler for rejections and events whose error is already reported elsewhere. */
export function ignore(): void {
  // Nothing to do.
}
