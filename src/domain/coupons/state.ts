// What the log says about one coupon so far, and how each event changes it.
// A state is changed in place by `evolve`: copying the winners for every winner would make the
// fold quadratic. Whoever folds owns its states; nobody else may hold on to one across an event.

import type { Terms } from './messages.ts'
import { addRevocation, noRevocations, type Revocation, type Revocations } from './revocations.ts'
import { type Issued, PackedWinners, type Winners } from './winners.ts'

export type { Issued } from './winners.ts'

export type Coupon = {
  /** Scheduled until a record at or after `opensAt`; closed by operator or time, for good. */
  status: 'scheduled' | 'open' | 'closed'
  couponId: string
  partition: number
  rules: number
  /** As it was created. */
  terms: Terms
  /** These three are as they were edited last. */
  name: string
  opensAt: number
  closesAt: number
  /** `terms.quantity` and every restock. */
  quantity: number
  paused: boolean
  /**
   * What each restock command added, 0 for each pause and resume, and what each edit said: a
   * record that is repeated later in the log neither adds again nor undoes what was commanded in
   * between. Of closes, those that expected a state, and 0.
   */
  commands: Map<string, number | string>
  revocations: Revocations
  /** Where the last act that was done stands; null: rows of an earlier version do not say. */
  lastAct: number | null
  winners: Winners
}
export type CouponState = { status: 'absent' } | Coupon

export type Edit = Partial<Pick<Coupon, 'name' | 'opensAt' | 'closesAt'>>
type Created = Pick<Coupon, 'couponId' | 'partition' | 'rules' | 'terms'>
export type ActEvent =
  | ({ type: 'created'; at: number } & Created)
  | { type: 'restocked'; commandId: string; add: number }
  | { type: 'paused' | 'resumed'; commandId: string }
  | { type: 'edited'; commandId: string; content: string; edit: Edit }
  | { type: 'revoked'; revocation: Revocation }
  /** `commandId`: of one that was done on a state that it expected. */
  | { type: 'closed'; commandId?: string }
/** `offset`: of the record of an act; what time does has none. */
export type CouponEvent =
  | (ActEvent & { offset: number })
  | { type: 'opened' | 'closed' }
  | { type: 'issued'; userId: string; issued: Issued }

export function initialState(): CouponState {
  return { status: 'absent' }
}

export function evolve(state: CouponState, event: CouponEvent): CouponState {
  if (event.type === 'created') return newCoupon(event)
  if (state.status === 'absent') throw new Error(`${event.type} before created`)
  if ('offset' in event) state.lastAct = event.offset
  switch (event.type) {
    case 'opened':
      state.status = 'open'
      return state
    case 'issued':
      state.winners.set(event.userId, event.issued)
      return state
    case 'restocked':
      state.quantity += event.add
      state.commands.set(event.commandId, event.add)
      return state
    case 'paused':
    case 'resumed':
      state.paused = event.type === 'paused'
      state.commands.set(event.commandId, 0)
      return state
    case 'edited':
      Object.assign(state, event.edit)
      state.commands.set(event.commandId, event.content)
      return state
    case 'revoked':
      addRevocation(state.revocations, event.revocation)
      return state
    case 'closed':
      state.status = 'closed'
      if ('commandId' in event) rememberClose(state, event.commandId)
      return state
  }
}

function rememberClose({ commands }: Coupon, commandId: string): void {
  commands.set(commandId, 0)
}

export function newCoupon(event: CouponEvent & { type: 'created' }): Coupon {
  return {
    status: 'scheduled',
    couponId: event.couponId,
    partition: event.partition,
    rules: event.rules,
    terms: event.terms,
    name: event.terms.name,
    opensAt: event.terms.opensAt ?? event.at,
    closesAt: event.terms.closesAt ?? Number.POSITIVE_INFINITY,
    quantity: event.terms.quantity,
    paused: false,
    commands: new Map(),
    revocations: noRevocations(),
    lastAct: event.offset,
    winners: new PackedWinners(),
  }
}
