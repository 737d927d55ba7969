/**
 * Receipts are the `commits` text of an entry: the last nonce of each manager that wrote it, as `manager:nonce:time` separated by spaces,
 * newest first. With them a manager whose write got no response finds out whether it was applied.
 */

const MAX_MANAGERS = 32

/** Adds this manager's receipt in place of its older one. Receipts older than `maxAge` milliseconds are removed. */
export function addReceipt(commits: string, manager: string, nonce: string, now: number, maxAge: number): string {
  const others = commits === '' ? [] : commits.split(' ').filter((each) => !each.startsWith(`${manager}:`) && timeOf(each) > now - maxAge)
  return [`${manager}:${nonce}:${now}`, ...others.slice(0, MAX_MANAGERS - 1)].join(' ')
}

/** Whether the text has the receipt of this write; `crowded` when other managers may have pushed it out. */
export function findReceipt(commits: string, manager: string, nonce: string): boolean | 'crowded' {
  if (commits.includes(`${manager}:${nonce}:`)) return true
  if (commits.includes(`${manager}:`)) return false
  return commits.split(' ').length >= MAX_MANAGERS ? 'crowded' : false
}

function timeOf(receipt: string): number {
  return Number(receipt.slice(receipt.lastIndexOf(':') + 1))
}
