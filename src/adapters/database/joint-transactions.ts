// What several consumers of one process store without hurry, in one transaction: a commit costs the
// same for one and for four. Where it fails, each is tried by itself, so that what is wrong with
// one says nothing of the others.

import type { Clock } from '../../ports/clock.ts'
import type { Database, JointMember, Session } from './database.ts'

/** The records that they wait for have come to all of them within this. */
const companyMs = 10

type Waiting = JointMember<unknown> & {
  resolve(result: unknown): void
  reject(error: unknown): void
}

export function withJointTransactions(database: Database, clock: Clock): Database {
  let waiting: Waiting[] = []

  async function runAll(session: Session, members: readonly Waiting[]): Promise<unknown[]> {
    const results: unknown[] = []
    for (const { run } of members) results.push(await run(session))
    return results
  }

  async function runApart(members: readonly Waiting[]): Promise<void> {
    for (const { run, resolve, reject } of members) {
      await database.transaction(run).then(resolve, reject)
    }
  }

  async function begin(): Promise<void> {
    // Always in this order: two processes that lock the same never wait for each other in a circle.
    const members = waiting.toSorted((a, b) => (a.name < b.name ? -1 : 1))
    waiting = []
    if (members.length === 1) return runApart(members)
    try {
      const results = await database.transaction((session) => runAll(session, members))
      members.forEach(({ resolve }, n) => resolve(results[n]))
    } catch {
      await runApart(members)
    }
  }

  return {
    ...database,
    together<T>({ name, run }: JointMember<T>): Promise<T> {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>()
      if (waiting.length === 0) clock.after(companyMs, () => void begin())
      waiting.push({ name, run, resolve, reject })
      return promise as Promise<T>
    },
  }
}
