// Where the data of a sale comes from: the public calls of a service, or a file that was saved.
// What either of them gives wrongly is a fault in words; a service that nobody reaches is not one.

import { readFileSync } from 'node:fs'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { type HttpClient, startHttpClient } from '../../../client/http-client.ts'
import {
  askAgainAfterMs,
  entryPages,
  isAskedAgain,
  isTurnedAway,
} from '../../../domain/proof/entry-pages.ts'
import { readSavedSale } from '../../../domain/proof/saved-sale.ts'
import { inWords, type Told, told } from '../../../domain/proof/told.ts'
import { CommandError, exitCodes, printable } from '../../context.ts'

export type SaleSource = {
  /** Its checkpoint may be another one in a moment. */
  isLive: boolean
  /** The verifier key that it gives itself. */
  key(): Promise<string>
  /** The signed note. */
  checkpoint(): Promise<string>
  /** The first `size` entries, as texts of whole lines; fewer where it has no more. */
  pages(size: number): AsyncIterable<string>
  close(): Promise<void>
}

/** What was given is not what it must be. */
export class SaleFault extends Error {
  override readonly name = 'SaleFault'

  constructor(fault: string | Told) {
    super(typeof fault === 'string' ? fault : inWords(fault))
  }
}

export function openSource(from: string, couponId: string): SaleSource {
  return /^https?:\/\//i.test(from) ? service(from, couponId) : savedFile(from, couponId)
}

/** What the user named must be there; what stands in it is another matter. */
export function readGiven(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    throw new CommandError(exitCodes.wrongUsage, `cannot read ${path}: ${code}`, { cause: error })
  }
}

/** Lines are counted in bytes, because the text of a whole sale may be longer than a string. */
const lineEnd = 0x0a
const pageBytes = 1024 * 1024

function savedFile(path: string, couponId: string): SaleSource {
  const saved = readSavedSale(readGiven(path))
  if (saved === null) {
    throw new SaleFault(`${path} is no saved sale, or it was cut, or changed since it was saved`)
  }
  if (saved.couponId !== couponId) {
    throw new SaleFault(`${path} is of coupon ${saved.couponId}, not of ${couponId}`)
  }
  const { key, checkpoint, entries } = saved
  return {
    isLive: false,
    key: async () => key,
    checkpoint: async () => checkpoint,
    async *pages() {
      for (let begin = 0, end = 0; begin < entries.length; begin = end) {
        end = entries.indexOf(lineEnd, Math.min(begin + pageBytes, entries.length - 1)) + 1
        if (end === 0) throw new SaleFault(told('cutLine'))
        yield entries.toString('utf8', begin, end)
        // So that Ctrl-C is heard.
        await setImmediate()
      }
    },
    close: async () => {},
  }
}

/** Of entries with the longest terms; whatever is longer is no answer of this service. */
const answerBytesMax = 64 * 1024 * 1024
const requestMsMax = 30_000

function service(from: string, couponId: string): SaleSource {
  const url = URL.parse(from)
  if (url === null) throw new CommandError(exitCodes.wrongUsage, `${from} is no address`)
  const http = startHttpClient({ url, connections: 2, requestMsMax, bytesMax: answerBytesMax })
  const get = (call: string) =>
    asked(http, `/coupons/${encodeURIComponent(couponId)}/proof/${call}`)
  return {
    isLive: true,
    key: async () => (await get('key')).replace(/\n$/, ''),
    checkpoint: () => get('checkpoint'),
    pages: (size) => entryPages({ get, faultOf: (fault) => new SaleFault(fault) }, size),
    close: () => http.close(),
  }
}

async function asked(http: HttpClient, path: string): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    const answer = await http.send({ method: 'GET', path })
    if (answer.kind !== 'answered') {
      throw new CommandError(exitCodes.unreachable, `cannot ask for ${path}: ${answer.reason}`)
    }
    const { status, body, headers } = answer
    if (status === 200) return body
    if (!isAskedAgain(status, tries)) throw refused(path, status, body)
    await sleep(askAgainAfterMs(headers.retryAfter))
  }
}

function refused(path: string, status: number, body: string): Error {
  const said = printable(body).slice(0, 200)
  if (isTurnedAway(status)) {
    return new CommandError(exitCodes.unreachable, `${path} is answered ${status}: ${said}`)
  }
  const why = status === 404 ? 'there is no such coupon, or no proof of it' : said
  return new SaleFault(`${path} is answered ${status}: ${why}`)
}
