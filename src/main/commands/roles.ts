// `firstcome api`, `issuer` and `orders`: the long-running roles of the distributed profile.

import type { ConsumerName } from '../../ports/orders.ts'
import type { Context, ExitCode } from '../context.ts'
import { startApi } from '../roles/api.ts'
import { startIssuerRole } from '../roles/issuer.ts'
import { startOrdersRole } from '../roles/order-consumers-role.ts'
import { runRole } from '../roles/run-role.ts'

export function runApi(_options: object, context: Context): Promise<ExitCode> {
  return runRole(context, {
    start: startApi,
    started: ({ url }) => context.out(`firstcome api listens on ${url}\n`),
  })
}

export function runIssuer(_options: object, context: Context): Promise<ExitCode> {
  return runRole(context, {
    start: startIssuerRole,
    started: ({ url }) => context.out(`firstcome issuer is at work; its probes are on ${url}\n`),
  })
}

export function runOrders({ only }: { only?: ConsumerName }, context: Context): Promise<ExitCode> {
  return runRole(context, {
    start: (parts) => startOrdersRole(parts, only),
    started({ url }) {
      const what = only ?? 'orders'
      context.out(`firstcome ${what} is at work; its probes are on ${url}\n`)
    },
  })
}
