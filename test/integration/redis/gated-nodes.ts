// Some claim services on one memory log, as nodes on Kafka would be, each with its own gate or
// none; and a crowd that asks them. In real time, since the gate's Redis is a real one.

import { systemClock } from '../../../src/adapters/clock-system.ts'
import { openLogMemory } from '../../../src/adapters/memory/log.ts'
import type { ClaimAnswer } from '../../../src/api/claims/claim-answers.ts'
import {
  type RunningClaimService,
  startClaimService,
} from '../../../src/api/claims/claim-service.ts'
import { claimsTopic, newestRules } from '../../../src/domain/coupons/messages.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import type { Gate, GateVerdict } from '../../../src/ports/gate.ts'

export type GatedNodesOptions = {
  nodes: number
  /** Called for each node. */
  gate?: (clock: Clock) => Gate
  /** How long (ms) an append takes. */
  appendMs: number
  /** How long (ms) a node's fold takes to see it. */
  tailMs: number
}
export type GatedNodes = {
  nodes: RunningClaimService[]
  gates: Gate[]
  verdicts: Record<GateVerdict, number>
  released: { memory: number; log: number }
  /** Claims that went to the log unasked. */
  bypassed(): number
  /** Records of claims in the log. */
  claimRecords(): number
  create(couponId: string, quantity: number): Promise<void>
  close(): Promise<void>
}

export async function startGatedNodes(options: GatedNodesOptions): Promise<GatedNodes> {
  const clock = systemClock()
  const log = openLogMemory({
    topics: { [claimsTopic]: 4 },
    clock,
    nextAppend: () => ({ takesMs: options.appendMs, outcome: 'stored' }),
    tailDelayMs: () => options.tailMs,
  })
  const errors: unknown[] = []
  const verdicts = { pass: 0, seen: 0, full: 0 }
  const released = { memory: 0, log: 0 }
  const gates: Gate[] = []
  const nodes: RunningClaimService[] = []
  let ids = 0
  let bypassed = 0
  for (let n = 0; n < options.nodes; n++) {
    const gate = options.gate?.(clock)
    if (gate !== undefined) gates.push(gate)
    const node = await startClaimService({
      log,
      gate,
      clock,
      newId: () => `id-${++ids}`,
      codeSecret: 'a secret that is used in tests only',
      observe: {
        answered() {},
        appended() {},
        appendFailed() {},
        voided() {},
        gate: {
          asked(counts) {
            for (const verdict of ['pass', 'seen', 'full'] as const) {
              verdicts[verdict] += counts[verdict]
            }
          },
          bypassed: () => void (bypassed += 1),
          released: (to) => void (released[to] += 1),
        },
      },
      onError: (error) => errors.push(error),
    })
    nodes.push(node)
  }
  return {
    nodes,
    gates,
    verdicts,
    released,
    bypassed: () => bypassed,
    claimRecords() {
      const values = log
        .records(claimsTopic)
        .flat()
        .map(({ value }) => value.toString())
      return values.filter((value) => value.includes('"coupon.claimed"')).length
    },
    async create(couponId, quantity) {
      const terms = { name: couponId, quantity }
      const stamp = { by: 'operator', commandId: couponId }
      const type = 'coupon.created'
      const made = await nodes[0]?.command({ type, couponId, terms, rules: newestRules, ...stamp })
      if (made?.kind !== 'decided') throw new Error(`${couponId} was not created`)
      // Every node's fold must know of it.
      while (nodes.some((node) => node.coupon(couponId) === undefined)) {
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
    async close() {
      await Promise.all(nodes.map((node) => node.drain()))
      await Promise.all(nodes.map((node) => node.close()))
      await Promise.all(gates.map((gate) => gate.close()))
      await log.close()
      if (errors.length > 0) throw new AggregateError(errors, 'a node has failed')
    },
  }
}

export type Asked = { userId: string; answer: ClaimAnswer; tookMs: number }
export type CrowdOptions = {
  couponId: string
  /** In the order in which they ask: one name may come many times. */
  users: readonly string[]
  /** How many ask at the same time. */
  atOnce: number
  onAnswer?: (asked: Asked) => void
}

/** Everyone asks the next node, one after another. */
export async function askAll(gated: GatedNodes, options: CrowdOptions): Promise<Asked[]> {
  const { couponId, users, atOnce, onAnswer } = options
  const answers: Asked[] = []
  let next = 0
  async function askOneByOne(): Promise<void> {
    for (let n = next++; n < users.length; n = next++) {
      const userId = users[n] ?? ''
      const node = gated.nodes[n % gated.nodes.length]
      if (node === undefined) throw new Error('no node')
      const askedAt = performance.now()
      const answer = await node.claim(couponId, userId)
      const asked = { userId, answer, tookMs: performance.now() - askedAt }
      answers.push(asked)
      onAnswer?.(asked)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, askOneByOne))
  return answers
}
