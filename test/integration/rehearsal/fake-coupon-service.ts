// A coupon service of a hundred lines that can be made to break its promises, one fault at a
// time: what a rehearsal must notice. Answers by the contract of HTTP; decides in memory.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type ServiceFault =
  | 'one_too_many'
  | 'one_too_few'
  | 'slot_twice'
  | 'slot_skipped'
  | 'mine_denies'
  | 'mine_changes_code'
  | 'second_coupon'
  | 'refuses_winner'
  | 'row_lost'
  | 'row_changed'
  | 'row_of_stranger'
  | 'counts_wrong'
  | 'last_come_first'
  | 'one_code_for_all'
  | 'more_than_asked'
  | 'less_off'
  | 'sees_another_code'
  | 'sees_nothing'
  // Faults that are none: clients must cope with them.
  | 'cuts_off'
  | 'server_error'
  | 'turns_away'
  | 'only_accepts'
  | 'rows_late'
  | 'silent_after_some'
  | 'one_code_then_silent'
  | 'no_rows'

export type FakeService = {
  url: string
  claims: () => number
  /** Coupons that nobody can get any more. */
  closed: ReadonlySet<string>
  /** The events of its wins, as its log has them. */
  events: () => Win[]
  close(): Promise<void>
}

export type Win = { userId: string; slot: number; code: string; claimId: string }
type Coupon = {
  couponId: string
  name: string
  quantity: number
  discount?: { kind: string; value: number }
}
type Answer = { status: number; body: object; headers?: Record<string, string> }

/** `onClaim`: called with each claim, and how many there were. */
type Watching = { onClaim?(claims: number): void }

export async function startFakeService(
  fault: ServiceFault | null,
  { onClaim = () => {} }: Watching = {},
): Promise<FakeService> {
  const shop = openShop(fault, onClaim)
  const server = createServer((request, response) => {
    request.resume()
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString()
    })
    request.on('end', () => {
      const answer = shop.answer(request, body)
      if (answer === 'cut off') request.socket.destroy()
      else if (answer !== 'silence') send(response, answer)
    })
  })
  await listening(server)
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    claims: shop.claims,
    closed: shop.closed,
    events: shop.events,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

type Shop = {
  answer(request: IncomingMessage, body: string): Answer | 'cut off' | 'silence'
  claims(): number
  closed: ReadonlySet<string>
  events(): Win[]
}

function openShop(fault: ServiceFault | null, onClaim: (claims: number) => void): Shop {
  let coupon: Coupon = { couponId: '', name: '', quantity: 0 }
  const closed = new Set<string>()
  const wins = new Map<string, Win>()
  const seen = new Map<string, number>()
  let claims = 0
  let rowReads = 0

  function quantity(): number {
    const off = fault === 'one_too_many' ? 1 : fault === 'one_too_few' ? -1 : 0
    return coupon.quantity + off
  }
  function nextSlot(): number {
    const slot = wins.size + 1
    if (fault === 'slot_twice' && slot === 7) return 6
    if (fault === 'slot_skipped' && slot >= 7) return slot + 1
    return fault === 'last_come_first' ? quantity() - wins.size : slot
  }
  function claim(userId: string): Answer | 'cut off' {
    claims += 1
    onClaim(claims)
    const times = (seen.get(userId) ?? 0) + 1
    seen.set(userId, times)
    if (fault === 'turns_away' && times === 1) {
      return { status: 429, body: problem('too-many-requests'), headers: { 'retry-after': '0' } }
    }
    const had = wins.get(userId)
    if (had === undefined && wins.size < quantity()) {
      const slot = nextSlot()
      const code = fault?.startsWith('one_code') ? 'CODE-1' : `CODE-${claims}`
      wins.set(userId, { userId, slot, code, claimId: `claim-${claims}` })
    }
    const win = wins.get(userId)
    if (fault === 'cuts_off' && times === 1 && claims % 3 === 0) return 'cut off'
    if (fault === 'server_error' && times === 1 && claims % 3 === 0) {
      return { status: 500, body: problem('internal-error') }
    }
    if (fault === 'only_accepts') {
      const headers = { location: `/coupons/${coupon.couponId}/claims/mine` }
      return { status: 202, body: { outcome: 'pending' }, headers }
    }
    if (win === undefined) return { status: 409, body: problem(gone()) }
    if (fault === 'refuses_winner' && win.slot === 5) {
      return { status: 409, body: problem('sold-out') }
    }
    if (fault === 'second_coupon' && had !== undefined && win.slot === 5) {
      return { status: 200, body: issued({ ...win, slot: 6 }) }
    }
    return { status: had === undefined ? 201 : 200, body: issued(win) }
  }
  function mine(userId: string): Answer {
    const win = wins.get(userId)
    if (win === undefined || (fault === 'mine_denies' && win.slot === 3)) {
      const open = wins.size < quantity()
      const refusal = { status: 409, body: problem('sold-out') }
      return open ? { status: 404, body: problem('not-issued') } : refusal
    }
    const code = fault === 'mine_changes_code' && win.slot === 3 ? 'CODE-X' : win.code
    return { status: 200, body: issued({ ...win, code }) }
  }
  function rows(afterSlot: number): Answer {
    rowReads += 1
    if (fault === 'rows_late' && rowReads < 4) {
      return { status: 503, body: problem('unavailable'), headers: { 'retry-after': '1' } }
    }
    const all = [...wins.values()].sort((a, b) => a.slot - b.slot)
    const kept = all.filter(({ slot }) => fault !== 'row_lost' || slot !== 4)
    const changed = kept.map((row) =>
      fault === 'row_changed' && row.slot === 4 ? { ...row, claimId: 'another' } : row,
    )
    if (fault === 'row_of_stranger') {
      const slot = changed.length + 1
      changed.push({ userId: 'stranger', slot, code: `CODE-${slot}`, claimId: 'claim-0' })
    }
    const page = changed.filter(({ slot }) => slot > afterSlot).slice(0, rowsPerPage)
    const last = page.at(-1)
    const next = { afterCouponId: coupon.couponId, afterSlot: last?.slot }
    return { status: 200, body: { issued: page, ...(page.length < rowsPerPage ? {} : { next }) } }
  }
  function held(userId: string): Answer {
    const win = fault === 'sees_nothing' ? undefined : wins.get(userId)
    const code = fault === 'sees_another_code' ? 'CODE-X' : win?.code
    const { couponId, name, discount = null } = coupon
    const coupons = win ? [{ couponId, name, discount, ...win, code, status: 'unused' }] : []
    return { status: 200, body: { coupons } }
  }
  /** A fake that nobody reopens: closed only once its rehearsal has left. */
  function gone(): string {
    return closed.has(coupon.couponId) ? 'closed' : 'sold-out'
  }
  function seenCoupon(): object {
    const count = fault === 'counts_wrong' ? wins.size - 1 : wins.size
    const remaining = coupon.quantity - count
    return { ...coupon, issued: count, remaining, status: remaining > 0 ? 'open' : 'sold_out' }
  }
  function issued(win: Win): object {
    return { outcome: 'issued', couponId: coupon.couponId, ...win }
  }

  return {
    claims: () => claims,
    closed,
    events: () => [...wins.values()],
    answer(request, body) {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://fake')
      if (fault?.includes('silent') && claims >= silentAfter) return 'silence'
      if (fault === 'no_rows' && pathname === '/issued-coupons') return denied
      if (request.method === 'POST' && pathname === '/coupons') {
        const asked = JSON.parse(body) as Coupon
        const more = fault === 'more_than_asked' ? 7 : 0
        const { discount } = asked
        const off = fault === 'less_off' && discount ? { ...discount, value: 1 } : discount
        coupon = { ...asked, quantity: asked.quantity + more, ...(off && { discount: off }) }
        return { status: 201, body: seenCoupon() }
      }
      if (pathname === '/issued-coupons') return rows(Number(searchParams.get('afterSlot') ?? 0))
      if (pathname.endsWith('/claims')) return claim(userOf(request))
      if (pathname.endsWith('/mine')) return mine(userOf(request))
      if (pathname === '/me/coupons') return held(userOf(request))
      if (pathname.endsWith('/close')) closed.add(coupon.couponId)
      return { status: 200, body: seenCoupon() }
    },
  }
}

const silentAfter = 10
const denied: Answer = { status: 401, body: problem('unauthorized') }
/** Small, so that a few rows take several pages. */
const rowsPerPage = 8

function problem(slug: string): object {
  return { type: `/problems/${slug}` }
}

function userOf({ headers }: IncomingMessage): string {
  const [, payload = ''] = (headers.authorization ?? '').split('.')
  return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sub: string }).sub
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
}
