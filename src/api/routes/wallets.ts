// Wallets: operators put money in, through the log; users see what is in theirs.

import { callerOf } from '../http/auth.ts'
import { orderCommandAnswer } from '../http/command-answers.ts'
import { ok, type Route, readStore, route } from '../http/route.ts'
import { KeyRequired, pendingRef } from '../http/schemas.ts'
import { TopUp, WalletPath, walletRef } from '../http/schemas-orders.ts'
import type { RouteParts } from '../http/server-parts.ts'
import { idOfKey } from '../orders/order-answers.ts'

export function walletRoutes(parts: RouteParts): Route[] {
  const { orders } = parts
  return [
    route({
      call: 'POST /wallets/:userId/top-ups',
      caller: 'operator',
      problems: ['idempotency-key-reused', 'balance-limit'],
      operationId: 'topUpWallet',
      summary: 'Put money into a user’s wallet, once for each Idempotency-Key',
      description: 'Answered 202, ask again with the same key: Location is this call.',
      params: WalletPath,
      headers: KeyRequired,
      body: TopUp,
      answers: { 200: walletRef, 202: pendingRef },
      answer(request) {
        const { userId } = request.params
        const by = callerOf(request).userId
        const commandId = idOfKey(by, request.headers['idempotency-key'])
        const { amount } = request.body
        return orderCommandAnswer(parts, {
          message: { type: 'wallet.topped_up', userId, amount, by, commandId },
          location: `/wallets/${encodeURIComponent(userId)}/top-ups`,
          show: async (reader) => ({ userId, balance: await reader.balance(userId) }),
        })
      },
    }),
    route({
      call: 'GET /wallets/mine',
      caller: 'user',
      readsStore: true,
      tag: 'orders',
      operationId: 'getMyWallet',
      summary: 'What is in the caller’s wallet',
      answers: { 200: walletRef },
      answer(request) {
        const { userId } = callerOf(request)
        return readStore(orders.reader(), async (reader) =>
          ok({ userId, balance: await reader.balance(userId) }),
        )
      },
    }),
  ]
}
