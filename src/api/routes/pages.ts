// What people look at: the event page, the console, and what pages and shops load. Not part of the
// OpenAPI document, for no program calls them.

import type { FastifyInstance } from 'fastify'
import { assetsByPath } from '../../web/assets.ts'
import { consolePage } from '../../web/console-page.ts'
import { createEventPage, type EventPageSettings } from '../../web/event-page.ts'
import { proofPage } from '../../web/proof-page.ts'
import { sendAsset, sendPage } from '../../web/replies.ts'
import type { FirstUses } from '../http/first-uses.ts'
import { languageOf } from '../http/problems/languages.ts'
import type { CallHooks, ServerParts, Services } from '../http/server-parts.ts'
import { addDemo } from './demo.ts'

export type PageParts = Pick<Services, 'claims'> & {
  hooks: CallHooks
  uses: FirstUses
  settings: Omit<EventPageSettings, 'isDemo' | 'hasProof'>
  demoToken?: ServerParts['demoToken']
  proof?: ServerParts['proof']
}

type OfCoupon = { Params: { couponId: string } }

export function addPages(app: FastifyInstance, parts: PageParts): void {
  const { claims, hooks, uses, settings, demoToken } = parts
  const hasProof = parts.proof !== undefined
  const options = { onRequest: hooks.anyone, schema: { hide: true } }
  for (const [path, make] of assetsByPath()) {
    const asset = uses.of(make)
    app.get(path, options, (request, reply) => sendAsset(request, reply, asset()))
  }
  for (const path of ['/', '/console']) {
    app.get(path, options, (request, reply) => {
      const { headers, html } = consolePage
      sendPage(request, reply, { headers, html: html(languageOf(request.headers)) })
    })
  }
  const page = uses.of(() =>
    createEventPage({ ...settings, hasProof, isDemo: demoToken !== undefined }),
  )
  if (demoToken !== undefined) addDemo(app, { hooks, demoToken })
  const named = async (couponId: string) => {
    const found = await claims.find(couponId)
    const name = 'coupon' in found ? found.coupon.name : null
    return { name, status: found.kind === 'unknown_coupon' ? 404 : 200 } as const
  }
  app.get<OfCoupon>('/events/:couponId', options, async (request, reply) => {
    const { couponId } = request.params
    const { name, status } = await named(couponId)
    const { headers, html: make } = page()
    const html = make({ couponId, name }, languageOf(request.headers))
    sendPage(request, reply, { headers, status, html })
    return reply
  })
  app.get<OfCoupon>('/events/:couponId/proof', options, async (request, reply) => {
    const { name, status } = await named(request.params.couponId)
    const html = proofPage.html(name, languageOf(request.headers))
    sendPage(request, reply, { headers: proofPage.headers, status: hasProof ? status : 404, html })
    return reply
  })
}
