const LONGEST = 1000

/**
 * Lets others in between two batches, also where the store itself never waits: for as long as the last batch took, so that clearing has
 * half of what it works on at most, however slow or busy that is.
 *
 * @param took milliseconds
 */
export function throttle(took: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, Math.min(took, LONGEST))
  })
}
