// Wallets: operators put money in, through the log; users see what is in theirs.

import type { FastifyReply } from 'fastify'
import type { WalletToppedUp } from '../../domain/orders/messages.ts'
import type { TopUpDecision } from '../../domain/orders/wallet.ts'
import { callerOf } from '../http/auth.ts'
import { callOptions } from '../http/call.ts'
import { outcomes, sendProblem, sendUnavailable } from '../http/problems.ts'
import { pendingRef } from '../http/schemas.ts'
import { KeyRequired, TopUp, WalletPath, walletRef } from '../http/schemas-orders.ts'
import type { Api, RouteParts } from '../http/server-parts.ts'
import { commandIdOf, operatorCommand } from '../orders/command-records.ts'
import { readAfterwards } from '../orders/in-time.ts'
import { storeStarting } from './me.ts'

export function addWalletRoutes(app: Api, parts: RouteParts): void {
  addTopUp(app, parts)
  addMine(app, parts)
}

function addTopUp(app: Api, parts: RouteParts): void {
  const problems = ['idempotency-key-reused', 'balance-limit'] as const
  app.post(
    '/wallets/:userId/top-ups',
    {
      ...callOptions(parts.hooks, { caller: 'operator', problems }),
      schema: {
        tags: ['operators'],
        operationId: 'topUpWallet',
        summary: 'Put money into a user’s wallet, once for each Idempotency-Key',
        description: 'Answered 202, ask again with the same key: Location is this call.',
        params: WalletPath,
        headers: KeyRequired,
        body: TopUp,
        response: { 200: walletRef, 202: pendingRef },
      },
    },
    async (request, reply) => {
      const by = callerOf(request).userId
      const commandId = commandIdOf(by, request.headers['idempotency-key'])
      const { userId } = request.params
      const { amount } = request.body
      return runTopUp(parts, reply, { type: 'wallet.topped_up', userId, amount, by, commandId })
    },
  )
}

function addMine(app: Api, { hooks, limits, orders }: RouteParts): void {
  app.get(
    '/wallets/mine',
    {
      ...callOptions(hooks, { caller: 'user', problems: [] }),
      schema: {
        tags: ['orders'],
        operationId: 'getMyWallet',
        summary: 'What is in the caller’s wallet',
        response: { 200: walletRef },
      },
      handlerTimeout: limits.storeWaitMsMax,
    },
    async (request, reply) => {
      const { userId } = callerOf(request)
      const reader = orders.reader()
      if (reader === null) sendUnavailable(reply, storeStarting)
      else reply.send({ userId, balance: await reader.balance(userId) })
      return reply
    },
  )
}

async function runTopUp(
  { clock, orders, limits }: RouteParts,
  reply: FastifyReply,
  message: WalletToppedUp,
): Promise<FastifyReply> {
  const { userId } = message
  const answer = await orders.command(operatorCommand(message))
  if (answer.kind === 'unavailable') {
    sendUnavailable(reply, answer)
    return reply
  }
  if (answer.kind === 'pending') return sendPending(reply, userId)
  const outcome = outcomes.topUp[answer.outcome as TopUpDecision['outcome']]
  if (typeof outcome === 'string') {
    sendProblem(reply, outcome)
    return reply
  }
  const balance = await readAfterwards(clock, limits.readBackWaitMsMax, async () => {
    return (await orders.reader()?.balance(userId)) ?? null
  })
  // It is done, but there is nothing to show.
  if (balance === null) return sendPending(reply, userId)
  return reply.code(outcome).send({ userId, balance })
}

function sendPending(reply: FastifyReply, userId: string): FastifyReply {
  const location = `/wallets/${encodeURIComponent(userId)}/top-ups`
  reply.code(outcomes.topUp.pending).header('location', location)
  return reply.send({ outcome: 'pending' })
}
