// What a shop needs before anyone can order: products with stock, and money in the wallets. All of
// it is asked for until the service says that it is done; there is no rehearsal without it.

import type { Read } from '../../client/answers.ts'
import { readUntil } from '../attempts.ts'
import { doAll, type Run } from '../rehearsal.ts'
import { RehearsalError } from '../silence.ts'
import { type ShopPlan, shopOf, topUpsOf } from './plan.ts'
import type { ShopService } from './shop-service.ts'

/** A service may limit the requests of one user, operators too: so they share the work. */
const commandsPerOperator = 10

export async function furnish(run: Run, shop: ShopService, plan: ShopPlan): Promise<void> {
  await everyCommand(run, shopOf(plan).products, {
    title: 'Making products',
    failed: ({ productId }) => `no product ${productId} was made`,
    send: (product, token) => shop.createProduct(product, token),
  })
  const amounts = topUpsOf(plan)
  const topUps = run.users.flatMap((userId, user) => {
    const amount = amounts[user] ?? 0
    return amount > 0 ? [{ userId, amount, key: `rehearsal-${userId}` }] : []
  })
  await everyCommand(run, topUps, {
    title: 'Filling wallets',
    failed: () => 'no wallet was topped up',
    send: (topUp, token) => shop.topUp(topUp, token),
  })
}

type Command<Item> = {
  title: string
  failed(item: Item): string
  send(item: Item, token: string): Promise<Read<true>>
}

async function everyCommand<Item>(
  run: Run,
  items: readonly Item[],
  { title, failed, send }: Command<Item>,
): Promise<void> {
  const { clock, limits, operatorToken, runId } = run
  const operators = Math.ceil(items.length / commandsPerOperator)
  const tokens = Array.from({ length: operators }, (_, n) =>
    operatorToken(`rehearsal-${runId}-${n}`),
  )
  await doAll(run, { title, items }, async (item, index) => {
    const token = tokens[index % operators] ?? ''
    const read = await readUntil({ clock, msMax: limits.commandMsMax }, () => send(item, token))
    if (!read.ok) throw new RehearsalError('refused', `${failed(item)}: ${read.reason}`)
  })
}
