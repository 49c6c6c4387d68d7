// What several consumers of one process store at about the same moment, in one transaction: a
// commit costs the same for one and for four, and what they say then leaves together. Who has no
// hurry waits for company; all others only for what is asked for in the same turn of the event
// loop, as when two steps were given the same order. Where it fails, each is tried by itself, so
// that what is wrong with one says nothing of the others.

import type { Clock } from '../../ports/clock.ts'
import type { Database, JointMember, Session } from './database.ts'

/** The records that the patient wait for have come to all of them within this. */
const companyMs = 10

type Waiting = JointMember<unknown> & {
  resolve(result: unknown): void
  reject(error: unknown): void
}

export function withJointTransactions(database: Database, clock: Clock): Database {
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

  async function runJoint(waiting: readonly Waiting[]): Promise<void> {
    // Always in this order: two processes that lock the same never wait for each other in a circle.
    const members = waiting.toSorted((a, b) => (a.name < b.name ? -1 : 1))
    if (members.length === 1) return runApart(members)
    try {
      const results = await database.transaction((session) => runAll(session, members))
      members.forEach(({ resolve }, n) => resolve(results[n]))
    } catch {
      await runApart(members)
    }
  }

  function gathering(ms: number) {
    let waiting: Waiting[] = []
    const begin = () => {
      const members = waiting
      waiting = []
      void runJoint(members)
    }
    return (member: Waiting) => {
      if (waiting.length === 0) clock.after(ms, begin)
      waiting.push(member)
    }
  }

  const ofThisTurn = gathering(0)
  const ofPatient = gathering(companyMs)
  return {
    ...database,
    together<T>(member: JointMember<T>): Promise<T> {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>()
      const join = member.isPatient ? ofPatient : ofThisTurn
      join({ ...member, resolve, reject })
      return promise as Promise<T>
    },
  }
}
