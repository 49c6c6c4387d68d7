// What consoles that are open cost winning claims: one service, in turns without any, with five
// whose streams are read, and without any once more, which tells what the machine alone does.

import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { tokenFor } from '../service.ts'
import type { PartOptions, PartReport } from '../summary/part.ts'
import { turnSizes, winsOn, withServices } from './claims.ts'
import { measuredText, measureInTurns } from './in-turns.ts'

const consoles = 5

export function measureConsoles(options: PartOptions): Promise<PartReport> {
  const { rounds, roundMs } = options.quick ? turnSizes.quick : turnSizes.full
  return withServices(options, async (start) => {
    const service = await start('watched')
    const wins = (prefix: string) => winsOn(service, { couponId: 'sale', prefix, roundMs })
    const read: number[] = []
    async function watched(round: number) {
      const opened = Array.from({ length: consoles }, () => openConsole(service.url))
      const open = await Promise.all(opened)
      const turn = await wins(`watched-${round}-`)
      read.push(...open.map((console) => console.close()))
      return turn
    }
    const onRound = (round: number) => options.say(`round ${round} of ${rounds}`)
    const alone = { name: 'no console', measure: (round: number) => wins(`alone-${round}-`) }
    const five = { name: `${consoles} consoles`, measure: watched }
    const again = { name: 'no console again', measure: (round: number) => wins(`again-${round}-`) }
    const sides = await measureInTurns([alone, five, again], { rounds, onRound })
    const silent = read.filter((events) => events < 2).length
    const voids = silent > 0 ? [`${silent} consoles were told nothing`] : []
    const [none, some, noneAgain] = sides
    const mean = (figure: 'microseconds' | 'perSecond') =>
      ((none?.[figure] ?? Number.NaN) + (noneAgain?.[figure] ?? Number.NaN)) / 2
    const { perSecond = Number.NaN, microseconds = Number.NaN } = some ?? {}
    const ownMs = ((microseconds - mean('microseconds')) * perSecond) / 1_000
    const text =
      measuredText(`winning claims, ${rounds} rounds in turns, medians`, sides) +
      `so the consoles take ${ownMs.toFixed(1)} ms of the thread in a second\n`
    const figures = { withConsoles: perSecond / mean('perSecond') }
    return { text, figures, voids, report: { sides, ownMs } }
  })
}

type OpenConsole = {
  /** Returns how many events it was told. */
  close(): number
}

/** Resolves once it has been told the state. */
async function openConsole(url: string): Promise<OpenConsole> {
  const headers = { authorization: `Bearer ${tokenFor('bench', true)}` }
  const request = get(`${url}/console/stream`, { headers, agent: false })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  if (response.statusCode !== 200) throw new Error(`no stream: ${response.statusCode}`)
  let events = 0
  response.setEncoding('utf8').on('data', (text: string) => {
    events += text.split('\n\n').length - 1
  })
  await once(response, 'data')
  // It is ended from here, in the middle.
  response.on('error', () => {})
  request.on('error', () => {})
  return {
    close() {
      request.destroy()
      return events
    },
  }
}
