// Products and their stock. What operators ask for goes through the log; they are told what the
// stock step made of it. Everybody reads SQL.

import type { FastifyReply } from 'fastify'
import type { ProductMessage } from '../../domain/orders/messages.ts'
import type { ProductOutcome } from '../../domain/orders/product.ts'
import type { Product } from '../../domain/orders/state.ts'
import { callerOf } from '../http/auth.ts'
import { callOptions } from '../http/call.ts'
import { outcomes, sendProblem, sendUnavailable } from '../http/problems.ts'
import { pendingRef } from '../http/schemas.ts'
import {
  AddedStock,
  KeyAllowed,
  NewProduct,
  ProductPath,
  productRef,
} from '../http/schemas-orders.ts'
import type { Api, RouteParts } from '../http/server-parts.ts'
import { commandIdOf, operatorCommand } from '../orders/command-records.ts'
import { readAfterwards } from '../orders/in-time.ts'
import { storeStarting } from './me.ts'

export function addProductRoutes(app: Api, parts: RouteParts): void {
  addCreate(app, parts)
  addStock(app, parts)
  addGet(app, parts)
}

function addCreate(app: Api, parts: RouteParts): void {
  const { hooks, newId } = parts
  app.post(
    '/products',
    {
      ...callOptions(hooks, { caller: 'operator', problems: ['product-exists'] }),
      schema: {
        tags: ['operators'],
        operationId: 'createProduct',
        summary: 'Offer a product; the same again is answered 200',
        body: NewProduct,
        response: { 200: productRef, 201: productRef, 202: pendingRef },
      },
    },
    async (request, reply) => {
      const by = callerOf(request).userId
      const commandId = newId()
      return runCommand(parts, reply, { type: 'product.created', ...request.body, by, commandId })
    },
  )
}

function addStock(app: Api, parts: RouteParts): void {
  const { hooks, newId } = parts
  const problems = ['unknown-product', 'idempotency-key-reused', 'stock-limit'] as const
  app.post(
    '/products/:productId/stock',
    {
      ...callOptions(hooks, { caller: 'operator', problems }),
      schema: {
        tags: ['operators'],
        operationId: 'addStock',
        summary: 'Add to the stock of a product; with an Idempotency-Key once, however often asked',
        params: ProductPath,
        headers: KeyAllowed,
        body: AddedStock,
        response: { 200: productRef, 202: pendingRef },
      },
    },
    async (request, reply) => {
      const by = callerOf(request).userId
      const key = request.headers['idempotency-key']
      const commandId = key === undefined ? newId() : commandIdOf(by, key)
      const { productId } = request.params
      const { add } = request.body
      return runCommand(parts, reply, { type: 'stock.added', productId, add, by, commandId })
    },
  )
}

function addGet(app: Api, { hooks, limits, orders }: RouteParts): void {
  app.get(
    '/products/:productId',
    {
      ...callOptions(hooks, { caller: 'anyone', problems: ['unknown-product'] }),
      schema: {
        tags: ['products'],
        operationId: 'getProduct',
        summary: 'Show a product and its stock, as the stock step has it',
        params: ProductPath,
        response: { 200: productRef },
      },
      handlerTimeout: limits.storeWaitMsMax,
    },
    async (request, reply) => {
      const reader = orders.reader()
      if (reader === null) sendUnavailable(reply, storeStarting)
      else {
        const product = await reader.product(request.params.productId)
        if (product === null) sendProblem(reply, 'unknown-product')
        else reply.send(productJson(product))
      }
      return reply
    },
  )
}

async function runCommand(
  { clock, orders, limits }: RouteParts,
  reply: FastifyReply,
  message: ProductMessage,
): Promise<FastifyReply> {
  const { productId } = message
  const answer = await orders.command(operatorCommand(message))
  if (answer.kind === 'unavailable') {
    sendUnavailable(reply, answer)
    return reply
  }
  if (answer.kind === 'pending') return sendPending(reply, productId)
  const outcome = outcomes.product[answer.outcome as ProductOutcome]
  if (typeof outcome === 'string') {
    sendProblem(reply, outcome)
    return reply
  }
  const told =
    typeof outcome === 'number'
      ? outcome
      : outcome[message.type === 'product.created' ? 'create' : 'add']
  if (typeof told === 'string') {
    sendProblem(reply, told)
    return reply
  }
  const product = await readAfterwards(clock, limits.readBackWaitMsMax, async () => {
    return (await orders.reader()?.product(productId)) ?? null
  })
  // It is done, but there is nothing to show.
  if (product === null) return sendPending(reply, productId)
  if (told === 201) reply.header('location', `/products/${productId}`)
  return reply.code(told).send(productJson(product))
}

function sendPending(reply: FastifyReply, productId: string): FastifyReply {
  reply.code(outcomes.product.pending).header('location', `/products/${productId}`)
  return reply.send({ outcome: 'pending' })
}

function productJson({ productId, name, price, available, held, sold }: Product) {
  return { productId, name, price, available, held, sold }
}
