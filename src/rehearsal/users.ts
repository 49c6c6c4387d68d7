// Who asks: users of this run alone, named by hashes of the run's id, so that the same id gives
// the same users again and no two runs share one.

import { hash } from 'node:crypto'
import { tokenSigner } from '../client/tokens.ts'
import { type Clock, sleep } from '../ports/clock.ts'

/** Beyond any rehearsal, which may be slow on purpose. */
export const tokenSeconds = 7 * 24 * 3600
/** About 20 ms of work; then timers and progress get their turn. */
const tokensPerTurn = 2000

export function userIds(runId: string, users: number): string[] {
  return Array.from({ length: users }, (_, index) => {
    return `user-${hash('sha256', `${runId}:${index}`).slice(0, 16)}`
  })
}

export type Minting = { clock: Clock; users: readonly string[]; secret: string }

/** A token for each user, made before the storm so that it costs the storm nothing. */
export async function mintTokens(minting: Minting, progress: { made: number }): Promise<string[]> {
  const { clock, users, secret } = minting
  const tokens: string[] = []
  const sign = tokenSigner(secret)
  const now = clock.now()
  for (const sub of users) {
    tokens.push(sign({ sub, operator: false, expiresInSeconds: tokenSeconds, now }))
    progress.made = tokens.length
    if (tokens.length % tokensPerTurn === 0) await sleep(clock, 0)
  }
  return tokens
}
