// What the console knows, from the events of its stream. Pure.

export type Status = 'scheduled' | 'open' | 'paused' | 'sold_out' | 'closed'
export type Coupon = {
  couponId: string
  name: string
  quantity: number
  issued: number
  remaining: number
  status: Status
  opensAt: string
  closesAt: string | null
  /** The offset of the last act that was done; null where it is not known. */
  lastAct: number | null
}
export type Second = {
  at: string
  claims: Readonly<Record<string, number>>
  p50: number | null
  p99: number | null
  tooMany: number
  unavailable: number
  /** Pairs of claims near each other in the log, and those against their arrival. */
  pairs: number
  inversions: number
  behind: number | null
}
export type Around = {
  now: string
  gate: 'none' | 'here' | 'away'
  log: readonly string[]
  clockDifferenceMs: number
  nodes: { alive: number; known: number } | null
  lettersWaiting: number | null
  database: 'up' | 'away'
}
export type StreamData = Around & { coupons: readonly Coupon[]; seconds: readonly Second[] }
export type Model = Around & {
  coupons: ReadonlyMap<string, Coupon>
  seconds: readonly Second[]
  /** Of each coupon, how many were issued at some moments of the last seconds. */
  paces: ReadonlyMap<string, readonly Pace[]>
}
type Pace = { at: number; issued: number }

/** Five minutes. */
export const secondsShown = 300
const paceMs = 5_000

/** A `state` is everything; a `change` is added to what is known. */
export function after(model: Model | null, name: string, data: StreamData): Model {
  const isWhole = name === 'state' || model === null
  const coupons = new Map(isWhole ? [] : model.coupons)
  const paces = new Map(isWhole ? [] : model.paces)
  const at = Date.parse(data.now)
  for (const coupon of data.coupons) {
    const { couponId, issued } = coupon
    const kept = (paces.get(couponId) ?? []).filter((one) => at - one.at <= paceMs)
    const before = coupons.get(couponId)
    const start = kept.length === 0 && before ? [{ at: at - 1_000, issued: before.issued }] : []
    coupons.set(couponId, coupon)
    paces.set(couponId, [...kept, ...start, { at, issued }])
  }
  const known = isWhole ? [] : model.seconds
  const last = known.at(-1)?.at
  // Whoever came in between had it in the state.
  const more = data.seconds.filter((second) => second.at !== last)
  const seconds = [...known, ...more].slice(-secondsShown)
  const { now, gate, log, clockDifferenceMs, nodes, lettersWaiting, database } = data
  const around = { now, gate, log, clockDifferenceMs, nodes, lettersWaiting, database }
  return { ...around, coupons, seconds, paces }
}

/** Winners a second of the last seconds. */
export function paceOf({ paces, now }: Model, couponId: string): number {
  const until = Date.parse(now)
  const kept = (paces.get(couponId) ?? []).filter(({ at }) => until - at <= paceMs)
  const [first] = kept
  const last = kept.at(-1)
  if (first === undefined || last === undefined || until <= first.at) return 0
  return Math.max(0, ((last.issued - first.issued) * 1_000) / (until - first.at))
}

/** Of the calls of the last minute, how many were turned away. */
export function turnedAway(seconds: readonly Second[]): number {
  let all = 0
  let away = 0
  for (const { claims, tooMany, unavailable } of seconds.slice(-60)) {
    away += tooMany + unavailable
    all += tooMany + unavailable
    for (const [outcome, count] of Object.entries(claims)) {
      if (outcome !== 'unavailable') all += count
    }
  }
  return all === 0 ? 0 : away / all
}

/** Of the pairs of claims of these seconds, how many stand in the log against their arrival. */
export function arrivalsIn(seconds: readonly Second[]): { pairs: number; inversions: number } {
  let [pairs, inversions] = [0, 0]
  for (const second of seconds) {
    pairs += second.pairs
    inversions += second.inversions
  }
  return { pairs, inversions }
}

/** `mm:ss`, with hours and days in front where there are any. `days`: what stands behind those. */
export function countdown(ms: number, days = 'd '): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000))
  const two = (value: number) => String(value).padStart(2, '0')
  const [whole, hours] = [Math.floor(seconds / 86_400), Math.floor((seconds % 86_400) / 3_600)]
  const rest = `${two(Math.floor((seconds % 3_600) / 60))}:${two(seconds % 60)}`
  if (whole > 0) return `${whole}${days}${hours}:${rest}`
  return hours > 0 ? `${hours}:${rest}` : rest
}
