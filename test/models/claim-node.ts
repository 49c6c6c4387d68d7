// One API node without HTTP, on a log in memory whose appends take as long and fail as the test
// says, and on a clock that the test moves.

import assert from 'node:assert/strict'
import { leapingClock, virtualClock } from '../../src/adapters/memory/clock-virtual.ts'
import { type AppendOutcome, type MemoryLog, openLogMemory } from '../../src/adapters/memory/log.ts'
import type { ClaimAnswer } from '../../src/api/claims/claim-answers.ts'
import type {
  ClaimLimits,
  ClaimObserver,
  ClaimServiceParts,
} from '../../src/api/claims/claim-parts.ts'
import { startClaimService } from '../../src/api/claims/claim-service.ts'
import {
  type ControlMessage,
  claimsTopic,
  encodeMessage,
  newestRules,
  type Terms,
} from '../../src/domain/coupons/messages.ts'
import type { Log, LogEntry } from '../../src/ports/log.ts'

export const start = Date.parse('2026-01-01T00:00:00Z')
export const codeSecret = 'a secret that is used in tests only'

type Options = {
  limits?: Partial<ClaimLimits>
  placed?: ClaimObserver['placed']
  rows?: ClaimServiceParts['rows']
  closedCouponMs?: number
  wrap?(log: Log): Log
}

export async function startNode(options: Options = {}) {
  const clock = virtualClock(start)
  let outcome: AppendOutcome = { takesMs: 4, outcome: 'stored' }
  const machine = leapingClock(clock)
  const memory = openLogMemory({ topics: { [claimsTopic]: 2 }, clock, nextAppend: () => outcome })
  const errors: unknown[] = []
  const differences: number[] = []
  const told: string[] = []
  let ids = 0
  const node = await startClaimService({
    log: options.wrap?.(memory) ?? memory,
    clock: machine,
    newId: () => `id-${++ids}`,
    codeSecret,
    limits: options.limits,
    rows: options.rows,
    closedCouponMs: options.closedCouponMs,
    observe: {
      answered: (kind) => told.push(kind),
      appended() {},
      appendFailed: (stored) => told.push(`stored: ${stored}`),
      voided() {},
      ...(options.placed && { placed: options.placed }),
    },
    onClockDiffers: (seconds) => differences.push(seconds),
    onError: (error) => errors.push(error),
  })

  async function create(couponId: string, terms: Omit<Terms, 'name'>) {
    const created = node.command({
      type: 'coupon.created',
      couponId,
      terms: { name: couponId, ...terms },
      rules: newestRules,
      by: 'operator',
      commandId: `create ${couponId}`,
    })
    await pass(20)
    assert.equal((await created).kind, 'decided')
  }

  async function command(message: Control) {
    const answer = node.command({ ...control(message), commandId: `command ${++ids}` })
    await pass(20)
    return answer
  }

  const pass = (ms: number) => clock.runUntil(clock.now() + ms)
  async function claim(couponId: string, userId: string, ms = 20): Promise<ClaimAnswer> {
    const answer = node.claim(couponId, userId)
    await pass(ms)
    return answer
  }
  const appended = () => memory.records(claimsTopic).flat().length
  return {
    node,
    clock,
    machine,
    errors,
    differences,
    told,
    memory,
    create,
    command,
    claim,
    pass,
    appended,
    setOutcome: (next: AppendOutcome) => {
      outcome = next
    },
  }
}

type Control = { type: 'coupon.paused' | 'coupon.resumed' | 'coupon.closed' | 'coupon.restocked' }

function control({ type }: Control): ControlMessage {
  const base = { couponId: 'sale', by: 'operator', commandId: type }
  return type === 'coupon.restocked' ? { type, ...base, add: 5 } : { type, ...base }
}

export function controlEntry(message: Control): LogEntry {
  return { key: 'sale', value: encodeMessage(control(message)) }
}

/** Another node sells all of the two there are, or its operator pauses or closes the sale. */
export async function elsewhere(memory: MemoryLog, refusal: 'sold_out' | 'paused' | 'closed') {
  const other = memory.asWriter()
  if (refusal !== 'sold_out') {
    return other.append(claimsTopic, [controlEntry({ type: `coupon.${refusal}` })])
  }
  const base = { type: 'coupon.claimed', couponId: 'sale' } as const
  const claims = ['park', 'choi'].map((userId) => ({ ...base, userId, claimId: `of ${userId}` }))
  const entries = claims.map((claim) => ({ key: 'sale', value: encodeMessage(claim) }))
  return other.append(claimsTopic, entries)
}
