// What people look at: the event page, the console, and what pages and shops load. Not part of the
// OpenAPI document, for no program calls them.

import type { FastifyInstance } from 'fastify'
import { assetsByPath } from '../../web/assets.ts'
import { consolePage } from '../../web/console-page.ts'
import { createEventPage, type EventPageSettings } from '../../web/event-page.ts'
import { sendAsset, sendPage } from '../../web/replies.ts'
import type { FirstUses } from '../http/first-uses.ts'
import { languageOf } from '../http/problems/languages.ts'
import type { CallHooks, ServerParts, Services } from '../http/server-parts.ts'
import { addDemo } from './demo.ts'

export type PageParts = Pick<Services, 'claims'> & {
  hooks: CallHooks
  uses: FirstUses
  settings: Omit<EventPageSettings, 'isDemo'>
  demoToken?: ServerParts['demoToken']
}

export function addPages(app: FastifyInstance, parts: PageParts): void {
  const { claims, hooks, uses, settings, demoToken } = parts
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
  const page = uses.of(() => createEventPage({ ...settings, isDemo: demoToken !== undefined }))
  if (demoToken !== undefined) addDemo(app, { hooks, demoToken })
  app.get<{ Params: { couponId: string } }>(
    '/events/:couponId',
    options,
    async (request, reply) => {
      const found = await claims.find(request.params.couponId)
      const name = 'coupon' in found ? found.coupon.name : null
      const { headers, html } = page()
      const status = found.kind === 'unknown_coupon' ? 404 : 200
      sendPage(request, reply, { headers, status, html: html(name, languageOf(request.headers)) })
      return reply
    },
  )
}
