/**
 * The `commits` text of an entry: the last nonce of each manager that wrote it, `manager:nonce:at` apart by spaces, newest first. It is
 * how a manager that does not know what became of its write finds out.
 */

const MOST_MANAGERS = 32

/** The text with this manager's mark put in front, its older one and all that are older than `maxAge` milliseconds left out. */
export function addReceipt(commits: string, manager: string, nonce: string, now: number, maxAge: number): string {
  const others = commits === '' ? [] : commits.split(' ').filter((each) => !each.startsWith(`${manager}:`) && bornAt(each) > now - maxAge)
  return [`${manager}:${nonce}:${now}`, ...others.slice(0, MOST_MANAGERS - 1)].join(' ')
}

/** Whether the text has this very write; `crowded` when it may have been pushed out by others. */
export function findReceipt(commits: string, manager: string, nonce: string): boolean | 'crowded' {
  if (commits.includes(`${manager}:${nonce}:`)) return true
  if (commits.includes(`${manager}:`)) return false
  return commits.split(' ').length >= MOST_MANAGERS ? 'crowded' : false
}

function bornAt(each: string): number {
  return Number(each.slice(each.lastIndexOf(':') + 1))
}
