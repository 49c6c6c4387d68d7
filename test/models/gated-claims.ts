// API nodes without HTTP that share a gate, on a log in memory and a clock that the test moves.

import assert from 'node:assert/strict'
import { virtualClock } from '../../src/adapters/memory/clock-virtual.ts'
import { openLogMemory } from '../../src/adapters/memory/log.ts'
import type { ClaimAnswer } from '../../src/api/claims/claim-answers.ts'
import type { AnsweredBy, ClaimLimits, GateObserver } from '../../src/api/claims/claim-parts.ts'
import { startClaimService } from '../../src/api/claims/claim-service.ts'
import { claimsTopic, newestRules } from '../../src/domain/coupons/messages.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Gate, GateClaim, GateVerdict } from '../../src/ports/gate.ts'
import type { Log } from '../../src/ports/log.ts'

const start = Date.parse('2026-01-01T00:00:00Z')
const codeSecret = 'a secret that is used in tests only'

type Options = {
  gate(clock: Clock): Gate
  nodes?: number
  limits?: Partial<ClaimLimits>
  appendTakesMs?: number
  wrap?(log: Log): Log
}

export async function startNodes(options: Options) {
  const clock = virtualClock(start)
  const memory = openLogMemory({
    topics: { [claimsTopic]: 2 },
    clock,
    nextAppend: () => ({ takesMs: options.appendTakesMs ?? 4, outcome: 'stored' }),
  })
  const errors: unknown[] = []
  const answeredBy: Record<AnsweredBy, number> = { memory: 0, deferred: 0, log: 0 }
  const seen = { bypassed: 0, calls: 0, pass: 0, seen: 0, full: 0, toMemory: 0, toLog: 0 }
  const observer: GateObserver = {
    asked(verdicts) {
      seen.calls += 1
      for (const verdict of ['pass', 'seen', 'full'] as const) seen[verdict] += verdicts[verdict]
    },
    bypassed: () => void (seen.bypassed += 1),
    released: (to) => void (seen[to === 'memory' ? 'toMemory' : 'toLog'] += 1),
  }
  const gate = options.gate(clock)
  let ids = 0
  const start1 = () =>
    startClaimService({
      log: options.wrap?.(memory) ?? memory,
      gate,
      clock,
      newId: () => `id-${++ids}`,
      codeSecret,
      limits: options.limits,
      observe: {
        answered: (_, by) => void (answeredBy[by] += 1),
        appended() {},
        appendFailed() {},
        voided() {},
        gate: observer,
      },
      onError: (error) => errors.push(error),
    })
  const nodes = await Promise.all(Array.from({ length: options.nodes ?? 1 }, start1))
  const node = (n = 0) => nodes[n] ?? assert.fail()
  const pass = (ms: number) => clock.runUntil(clock.now() + ms)
  let commands = 0
  async function command(message: { type: 'coupon.paused' | 'coupon.closed' } | Restock | Create) {
    const by = { by: 'operator', commandId: `command-${++commands}` }
    const decided = node().command({ couponId: 'sale', ...message, ...by })
    await pass(20)
    assert.equal((await decided).kind, 'decided')
  }
  const create = (quantity: number, others = {}) => {
    const terms = { name: 'sale', quantity, ...others }
    return command({ type: 'coupon.created', terms, rules: newestRules })
  }
  const records = () => memory.records(claimsTopic).flat().length
  /** The kind of the answer, and how long it took. */
  async function ask(userId: string, n = 0, token = {}) {
    const askedAt = clock.now()
    const answer: ClaimAnswer = await node(n).claim('sale', userId, { token })
    return { answer, kind: answer.kind, tookMs: clock.now() - askedAt }
  }
  return { clock, errors, answeredBy, seen, node, pass, command, create, records, ask }
}
type Restock = { type: 'coupon.restocked'; add: number }
type Create = {
  type: 'coupon.created'
  terms: { name: string; quantity: number }
  rules: number
}

/** A gate that answers as `say` does. */
export function gateAnswering(say: (claim: GateClaim, n: number) => GateVerdict): Gate {
  let asked = 0
  return {
    ask: async (claims) => claims.map((claim) => say(claim, asked++)),
    isHere: () => true,
    close: () => Promise.resolve(),
  }
}
