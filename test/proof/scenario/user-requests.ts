// Requests that log users in, authenticate them again, and end their sessions on other devices.

import type { Step } from '../checks/history.ts'
import { Random } from './random.ts'

/** The clocks and the limit of sessions of a run. */
export function generateConditions(seed: number): { readonly skew: number; readonly limit: number | undefined } {
  const random = new Random(seed ^ 0x75_73_72)
  return { skew: random.pick([0, 0, 0, 2000]), limit: random.pick([undefined, 1, 2, 3]) }
}

/** Most of them concern the same user, so that they meet in the histories of several browsers. */
export function generateUserRequest(random: Random, write: () => Step): Step[] {
  const user = random.chance(0.8) ? 'anna' : 'ben'
  const writes = (): Step[] => Array.from({ length: random.int(0, 1) }, write)
  const wait = (): Step[] => (random.chance(0.6) ? [{ do: 'wait', ms: random.int(0, 80) }] : [])
  switch (random.weighted({ login: 55, revoke: 18, reauthenticate: 22, 'change of a password': 5, 'revoke and login': 3 })) {
    case 'login':
      return [...wait(), ...writes(), { do: 'login', user, revokeOthers: random.chance(0.08) }, ...(random.chance(0.1) ? saved(write) : [])]
    case 'revoke':
      return [...wait(), { do: 'revoke', user, except: random.chance(0.5) }, ...(random.chance(0.2) ? writes() : [])]
    case 'reauthenticate':
      return [...wait(), ...writes(), { do: 'reauthenticate', revokeOthers: random.chance(0.15) }, ...writes()]
    case 'change of a password':
      return [...wait(), { do: 'revoke', user, except: true }, { do: 'reauthenticate', revokeOthers: false }]
    case 'revoke and login':
      return [...wait(), { do: 'revoke', user, except: random.chance(0.5) }, { do: 'login', user }]
  }
}

/** The login is committed first, and another change with the response. */
function saved(write: () => Step): Step[] {
  return [{ do: 'save' }, write()]
}
