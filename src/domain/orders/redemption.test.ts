import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { OrderMessage, RedemptionPlaced, StepMessage } from './messages.ts'
import { decide, evolve, initialState, type OrderCommand } from './process.ts'
import type { OrderState } from './state.ts'

const orderId = 'r-1'
const couponId = 'spring'
const placedAt = 1_000
const deadline = placedAt + 500
const placed: RedemptionPlaced = {
  type: 'redemption.placed',
  orderId,
  userId: 'ann',
  coupon: { couponId, partition: 0, offset: 7 },
  reference: 'cart-7',
  subtotal: 20_001,
  by: 'till',
  timeLimitMs: 500,
}
const discount = { kind: 'percent', value: 10 } as const
const sums = { subtotal: 20_001, discount: 2_000, total: 18_001 }
const word = { orderId, by: 'till', commandId: 'c' }

function said(message: OrderMessage | StepMessage, at = placedAt): OrderCommand {
  return { kind: 'record', message, at }
}

const commands = {
  placed: said(placed),
  oneShot: said({ ...placed, use: true }),
  other: said({ ...placed, reference: 'cart-8' }),
  used: said({ type: 'coupon.used', orderId, couponId, discount }),
  dear: said({ type: 'coupon.used', orderId, couponId, minimum: 20_002 }),
  refused: said({ type: 'coupon.refused', orderId, reason: 'coupon_already_used' }),
  wanted: said({ type: 'coupon.wanted', orderId, couponId }),
  use: said({ type: 'redemption.use', ...word }, deadline - 1),
  lateUse: said({ type: 'redemption.use', ...word }, deadline),
  release: said({ type: 'redemption.release', ...word }),
  expired: said({ type: 'redemption.expired', orderId }, deadline),
  earlyExpired: said({ type: 'redemption.expired', orderId }, deadline - 1),
  early: { kind: 'time', now: deadline - 1 },
  late: { kind: 'time', now: deadline },
  writtenUsed: said({ type: 'redemption.used', orderId, couponId, ...sums }),
  writtenReleased: said({ type: 'redemption.released', orderId, reason: 'released' }),
  writtenReplaced: said({ type: 'redemption.released', orderId, reason: 'replaced' }),
} satisfies Record<string, OrderCommand>
type Name = keyof typeof commands

const states = {
  absent: after(),
  awaited: after('used'),
  placed: after('placed'),
  asked: after('placed', 'release'),
  told: after('placed', 'use'),
  over: after('placed', 'expired'),
  reserved: after('placed', 'used'),
  spent: after('placed', 'used', 'use'),
  givenBack: after('oneShot', 'used', 'release'),
  timedOut: after('placed', 'used', 'expired'),
} satisfies Record<string, OrderState>

/** What comes of every command in every state: outcome, status and reason after, published. */
const table: Readonly<Record<keyof typeof states, Readonly<Record<Name, string>>>> = {
  absent: {
    placed: 'applied placed',
    oneShot: 'applied placed',
    other: 'applied placed',
    used: 'applied awaited',
    dear: 'applied awaited',
    refused: 'applied awaited',
    wanted: 'applied awaited',
    use: 'ignored',
    lateUse: 'ignored',
    release: 'ignored',
    expired: 'ignored',
    earlyExpired: 'ignored',
    early: 'ignored',
    late: 'ignored',
    writtenUsed: 'contradiction',
    writtenReleased: 'contradiction',
    writtenReplaced: 'contradiction',
  },
  awaited: {
    placed: 'applied placed',
    oneShot: 'applied confirmed +redemption.used',
    other: 'applied placed',
    used: 'repeated',
    dear: 'repeated',
    refused: 'contradiction',
    wanted: 'applied awaited',
    use: 'ignored',
    lateUse: 'ignored',
    release: 'ignored',
    expired: 'ignored',
    earlyExpired: 'ignored',
    early: 'ignored',
    late: 'ignored',
    writtenUsed: 'contradiction',
    writtenReleased: 'contradiction',
    writtenReplaced: 'contradiction',
  },
  placed: {
    placed: 'repeated',
    oneShot: 'conflict',
    other: 'conflict',
    used: 'applied placed',
    dear: 'applied cancelled minimum_not_met +redemption.released',
    refused: 'applied cancelled coupon_already_used +redemption.released',
    wanted: 'applied placed',
    use: 'applied placed',
    lateUse: 'ignored',
    release: 'applied placed',
    expired: 'applied placed',
    earlyExpired: 'ignored',
    early: 'ignored',
    late: 'ignored +redemption.expired',
    writtenUsed: 'applied confirmed',
    writtenReleased: 'applied cancelled released',
    writtenReplaced: 'applied cancelled replaced',
  },
  asked: {
    placed: 'repeated',
    oneShot: 'conflict',
    other: 'conflict',
    used: 'applied cancelled released +redemption.released',
    dear: 'applied cancelled minimum_not_met +redemption.released',
    refused: 'applied cancelled coupon_already_used +redemption.released',
    wanted: 'applied placed',
    use: 'ignored',
    lateUse: 'ignored',
    release: 'ignored',
    expired: 'applied placed',
    earlyExpired: 'ignored',
    early: 'ignored',
    late: 'ignored +redemption.expired',
    writtenUsed: 'applied confirmed',
    writtenReleased: 'applied cancelled released',
    writtenReplaced: 'applied cancelled replaced',
  },
  told: {
    placed: 'repeated',
    oneShot: 'conflict',
    other: 'conflict',
    used: 'applied confirmed +redemption.used',
    dear: 'applied cancelled minimum_not_met +redemption.released',
    refused: 'applied cancelled coupon_already_used +redemption.released',
    wanted: 'applied placed',
    use: 'ignored',
    lateUse: 'ignored',
    release: 'applied placed',
    expired: 'applied placed',
    earlyExpired: 'ignored',
    early: 'ignored',
    late: 'ignored +redemption.expired',
    writtenUsed: 'applied confirmed',
    writtenReleased: 'applied cancelled released',
    writtenReplaced: 'applied cancelled replaced',
  },
  over: {
    placed: 'repeated',
    oneShot: 'conflict',
    other: 'conflict',
    used: 'applied cancelled timed_out +redemption.released',
    dear: 'applied cancelled minimum_not_met +redemption.released',
    refused: 'applied cancelled coupon_already_used +redemption.released',
    wanted: 'applied placed',
    use: 'ignored',
    lateUse: 'ignored',
    release: 'ignored',
    expired: 'ignored',
    earlyExpired: 'ignored',
    early: 'ignored',
    late: 'ignored',
    writtenUsed: 'applied confirmed',
    writtenReleased: 'applied cancelled released',
    writtenReplaced: 'applied cancelled replaced',
  },
  reserved: {
    placed: 'repeated',
    oneShot: 'conflict',
    other: 'conflict',
    used: 'repeated',
    dear: 'repeated',
    refused: 'contradiction',
    wanted: 'applied cancelled replaced +redemption.released',
    use: 'applied confirmed +redemption.used',
    lateUse: 'ignored',
    release: 'applied cancelled released +redemption.released',
    expired: 'applied cancelled timed_out +redemption.released',
    earlyExpired: 'ignored',
    early: 'ignored',
    late: 'ignored +redemption.expired',
    writtenUsed: 'applied confirmed',
    writtenReleased: 'applied cancelled released',
    writtenReplaced: 'applied cancelled replaced',
  },
  spent: {
    placed: 'repeated +redemption.used',
    oneShot: 'conflict',
    other: 'conflict',
    used: 'repeated +redemption.used',
    dear: 'repeated +redemption.used',
    refused: 'contradiction',
    wanted: 'applied confirmed',
    use: 'repeated +redemption.used',
    lateUse: 'repeated +redemption.used',
    release: 'applied cancelled released +redemption.used +redemption.released',
    expired: 'repeated +redemption.used',
    earlyExpired: 'repeated +redemption.used',
    early: 'ignored',
    late: 'ignored',
    writtenUsed: 'ignored',
    writtenReleased: 'applied cancelled released',
    writtenReplaced: 'contradiction',
  },
  givenBack: {
    placed: 'conflict',
    oneShot: 'repeated +redemption.used +redemption.released',
    other: 'conflict',
    used: 'repeated +redemption.used +redemption.released',
    dear: 'repeated +redemption.used +redemption.released',
    refused: 'contradiction',
    wanted: 'applied cancelled released',
    use: 'repeated +redemption.used +redemption.released',
    lateUse: 'repeated +redemption.used +redemption.released',
    release: 'repeated +redemption.used +redemption.released',
    expired: 'repeated +redemption.used +redemption.released',
    earlyExpired: 'repeated +redemption.used +redemption.released',
    early: 'ignored',
    late: 'ignored',
    writtenUsed: 'ignored',
    writtenReleased: 'ignored',
    writtenReplaced: 'contradiction',
  },
  timedOut: {
    placed: 'repeated +redemption.released',
    oneShot: 'conflict',
    other: 'conflict',
    used: 'repeated +redemption.released',
    dear: 'repeated +redemption.released',
    refused: 'contradiction',
    wanted: 'applied cancelled timed_out',
    use: 'repeated +redemption.released',
    lateUse: 'repeated +redemption.released',
    release: 'repeated +redemption.released',
    expired: 'repeated +redemption.released',
    earlyExpired: 'repeated +redemption.released',
    early: 'ignored',
    late: 'ignored',
    writtenUsed: 'contradiction',
    writtenReleased: 'contradiction',
    writtenReplaced: 'contradiction',
  },
}

describe('a redemption', () => {
  for (const [from, row] of Object.entries(table)) {
    for (const [name, expected] of Object.entries(row)) {
      test(`that is ${from} takes ${name}: ${expected}`, () => {
        assert.equal(outcomeOf(states[from as keyof typeof states], name as Name), expected)
      })
    }
  }
})

function after(...given: Name[]): OrderState {
  return given.reduce((state, name) => {
    return decide(commands[name], state).events.reduce(evolve, state)
  }, initialState())
}

function outcomeOf(state: OrderState, name: Name): string {
  const { outcome, events, publish } = decide(commands[name], state)
  const next = events.reduce(evolve, state)
  const reason = next.status === 'cancelled' ? [next.reason] : []
  const became = outcome === 'applied' ? [next.status, ...reason] : []
  return [outcome, ...became, ...publish.map(({ type }) => `+${type}`)].join(' ')
}
