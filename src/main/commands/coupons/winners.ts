// `firstcome coupon winners`: who has won a coupon, a page of them or one, and all of them as the
// file that the service makes for spreadsheets.

import { once } from 'node:events'
import { download } from '../../../client/download.ts'
import { type ServiceAnswer, ServiceError } from '../../../client/service-client.ts'
import { CommandError, type Context, type ExitCode, exitCodes } from '../../context.ts'
import { serviceUrl } from '../service-address.ts'
import {
  callMsMax,
  failureOf,
  pagePath,
  runCall,
  type TimedCallOptions,
  tokenOf,
  unreachable,
} from '../service-command.ts'
import { zoneOf } from '../zones.ts'
import { couponPath } from './coupon.ts'
import { winnersText } from './coupon-text.ts'

export type WinnersOptions = TimedCallOptions & {
  id: string
  slot?: number
  user?: string
  code?: string
  limit?: number
  after?: number
  csv?: boolean
}

export function runWinners(options: WinnersOptions, context: Context): Promise<ExitCode> {
  const { id, slot, user: userId, code, limit, after, csv = false } = options
  const path = `${couponPath(id)}/winners`
  const asked = { slot, userId, code, limit, after }
  if (csv) {
    const given = Object.values(asked).some((value) => value !== undefined)
    if (given || options.json === true) throw new CommandError(exitCodes.wrongUsage, csvIsAll)
    return writeFile(`${path}.csv`, options, context)
  }
  const call = { method: 'GET', path: pagePath(path, asked) } as const
  const done = ({ body }: ServiceAnswer) => winnersText(body, zoneOf(options))
  return runCall({ call, asOperator: true, again: '', done }, options, context)
}

const csvIsAll = '--csv gives all winners: it goes with no other option about them'

async function writeFile(
  path: string,
  options: TimedCallOptions,
  context: Context,
): Promise<ExitCode> {
  const { settings, out } = context
  const url = serviceUrl(settings, options.url)
  const token = tokenOf(options, settings)
  const take = async (text: string) => {
    out(text)
    if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain')
  }
  try {
    const refused = await download({ url, path, token, waitMsMax: callMsMax, take })
    if (refused === null) return exitCodes.ok
    const asked = { call: { method: 'GET', path }, asOperator: true, again: '' } as const
    return failureOf(refused, { asked, options }, context) ?? exitCodes.failed
  } catch (error) {
    throw error instanceof ServiceError ? unreachable(error, '') : error
  }
}
