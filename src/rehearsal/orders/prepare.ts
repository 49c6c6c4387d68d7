// What a shop needs before anyone can order: products with stock, and money in the wallets. All of
// it is asked for until the service says that it is done; there is no rehearsal without it.

import { signToken } from '../../client/tokens.ts'
import { type Clock, sleep } from '../../ports/clock.ts'
import { askAgainConcurrency } from '../coupons/storm.ts'
import { runClosedLoop } from '../scheduler.ts'
import { type Hearing, RehearsalError } from '../silence.ts'
import { tokenSeconds } from '../users.ts'
import type { PlannedProduct } from './plan.ts'
import type { Done, ShopService } from './shop-service.ts'

export type PrepareParts = {
  clock: Clock
  shop: ShopService
  hearing: Hearing
  limits: PrepareLimits
  /** Signs operators' tokens. */
  operators: { secret: string; runId: string }
}
export type PrepareLimits = {
  /** From the first to the last try of one command. */
  commandMsMax: number
}
/** A start may still be making its database. */
export const commandMsMax = 60_000

const tryAgainMs = 250
/** A service may limit the requests of one user, operators too: so they share the work. */
const commandsPerOperator = 10

export async function makeProducts(
  parts: PrepareParts,
  products: readonly PlannedProduct[],
  progress: { done: number },
): Promise<void> {
  await everyCommand(parts, products, async (product, token) => {
    const make = () => parts.shop.createProduct(product, token)
    await persist(parts, `no product ${product.productId} was made`, make)
    progress.done += 1
  })
}

/** `amount` 0 leaves a wallet alone. */
export async function fillWallets(
  parts: PrepareParts,
  topUps: readonly { userId: string; amount: number }[],
  progress: { done: number },
): Promise<void> {
  const wanted = topUps.filter(({ amount }) => amount > 0)
  await everyCommand(parts, wanted, async ({ userId, amount }, token) => {
    const topUp = { userId, amount, key: `rehearsal-${userId}` }
    await persist(parts, 'no wallet was topped up', () => parts.shop.topUp(topUp, token))
    progress.done += 1
  })
}

async function everyCommand<Item>(
  { clock, operators: { secret, runId } }: PrepareParts,
  items: readonly Item[],
  run: (item: Item, token: string) => Promise<void>,
): Promise<void> {
  const now = clock.now()
  const tokens = Array.from({ length: Math.ceil(items.length / commandsPerOperator) }, (_, n) => {
    const sub = `rehearsal-${runId}-${n}`
    return signToken({ secret, sub, operator: true, expiresInSeconds: tokenSeconds, now })
  })
  const loop = { asks: items.length, concurrency: askAgainConcurrency }
  await runClosedLoop(clock, loop, async (index) => {
    const item = items[index]
    const token = tokens[index % tokens.length]
    if (item !== undefined && token !== undefined) await run(item, token)
  })
}

async function persist(
  { clock, hearing, limits }: PrepareParts,
  what: string,
  send: () => Promise<Done>,
): Promise<void> {
  const deadline = clock.now() + limits.commandMsMax
  for (;;) {
    const done = await send()
    hearing.note(done.ok ? null : done)
    if (done.ok && done.value === 'done') return
    const reason = done.ok ? 'it stays pending' : done.reason
    if ((!done.ok && !done.again) || clock.now() >= deadline) {
      throw new RehearsalError('refused', `${what}: ${reason}`)
    }
    await sleep(clock, tryAgainMs)
  }
}
