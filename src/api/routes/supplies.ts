// Products with their stock, and wallets. What operators ask for goes through the log; they are
// answered what its step made of it. Everybody sees products, and users their own wallet, in SQL.

import { userIdOf } from '../../domain/user-id.ts'
import type { OrdersReader } from '../../ports/orders-reader.ts'
import { callerOf } from '../http/auth.ts'
import { orderCommandAnswer } from '../http/command-answers.ts'
import { said } from '../http/problems/languages.ts'
import { type Answer, ok, type Route, readStore, route } from '../http/route.ts'
import {
  AddedStock,
  KeyAllowed,
  KeyRequired,
  NewProduct,
  ProductPath,
  pendingRef,
  productRef,
  TopUp,
  WalletPath,
  walletRef,
} from '../http/schemas.ts'
import type { RouteParts } from '../http/server-parts.ts'
import { KeyedProducts } from '../orders/keyed-products.ts'
import { idOfKey } from '../orders/order-answers.ts'

const mustNameUser = said(
  'names a user, not whoever asks',
  '요청한 사람이 아니라 사용자를 적어야 합니다',
)
/** As in GET /wallets/mine it would be the caller; nobody means a user of that name. */
const minesIsNobody: Answer = {
  problem: 'invalid-request',
  members: { errors: [{ path: '/userId', message: mustNameUser }] },
}

export function supplyRoutes(parts: RouteParts): Route[] {
  return [...productRoutes(parts), ...walletRoutes(parts)]
}

function productRoutes(parts: RouteParts): Route[] {
  const { newId, orders } = parts
  return [
    createProductRoute(parts),
    route({
      call: 'POST /products/:productId/stock',
      caller: 'operator',
      problems: ['unknown-product', 'idempotency-key-reused', 'stock-limit'],
      operationId: 'addStock',
      summary: 'Add to the stock of a product; with an Idempotency-Key once, however often asked',
      params: ProductPath,
      headers: KeyAllowed,
      body: AddedStock,
      answers: { 200: productRef, 202: pendingRef },
      answer(request) {
        const { productId } = request.params
        const { add } = request.body
        const by = callerOf(request).userId
        const key = request.headers['idempotency-key']
        const commandId = key === undefined ? newId() : idOfKey(by, key)
        return orderCommandAnswer(parts, {
          message: { type: 'stock.added', productId, add, by, commandId },
          ...resourceOf(productId),
        })
      },
    }),
    route({
      call: 'GET /products/:productId',
      caller: 'anyone',
      problems: ['unknown-product'],
      readsStore: true,
      tag: 'products',
      operationId: 'getProduct',
      summary: 'Show a product and its stock, as the stock step has it',
      params: ProductPath,
      answers: { 200: productRef },
      answer: ({ params }) =>
        readStore(orders.reader(), async (reader) => {
          const product = await productJson(reader, params.productId)
          return product === null ? { problem: 'unknown-product' } : ok(product)
        }),
    }),
  ]
}

function createProductRoute(parts: RouteParts): Route {
  const { newId, orders, oneThing } = parts
  const keyed = new KeyedProducts(newId)
  return route({
    call: 'POST /products',
    caller: 'operator',
    problems: ['product-exists', 'idempotency-key-reused'],
    readsStore: true,
    operationId: 'createProduct',
    summary: 'Offer a product; the same again is answered 200, with a key or without',
    headers: KeyAllowed,
    body: NewProduct,
    answers: { 200: productRef, 201: productRef, 202: pendingRef },
    answer(request) {
      const { body, headers } = request
      const content = { ...body, by: callerOf(request).userId }
      const send = (commandId: string) => {
        const message = { type: 'product.created', ...content, commandId } as const
        return orderCommandAnswer(parts, { message, ...resourceOf(body.productId) })
      }
      const key = headers['idempotency-key']
      if (key === undefined) return send(newId())
      return readStore(orders.reader(), (reader) => {
        return keyed.run({ key, content }, reader, async ({ given, commandId }) => {
          const isReused = commandId === null
          const answer = isReused ? null : await oneThing.make(given, () => send(commandId))
          return answer ?? { problem: 'idempotency-key-reused' }
        })
      })
    },
  })
}

function walletRoutes(parts: RouteParts): Route[] {
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
        const userId = userIdOf(request.params.userId)
        if (userId === null || userId === 'mine') return minesIsNobody
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

function resourceOf(productId: string) {
  return {
    location: `/products/${productId}`,
    show: (reader: OrdersReader) => productJson(reader, productId),
  }
}

async function productJson(reader: OrdersReader, id: string) {
  const product = await reader.product(id)
  if (product === null) return null
  const { productId, name, price, available, held, sold } = product
  return { productId, name, price, available, held, sold }
}
