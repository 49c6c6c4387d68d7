// Answers of many items, written piece by piece: as one text they would hold the event loop, and
// every claim with it, for as long as they take to be put together.

import { Readable } from 'node:stream'
import { setImmediate as otherWork } from 'node:timers/promises'

/** A millisecond or two of work, where an item is some hundred bytes. */
const usualItemsPerPiece = 250

/** `{…before, "name": [items], …after}` as JSON. Items that `toJson` makes are made as they go. */
export function longAnswer<Item>(parts: {
  before?: object
  name: string
  items: readonly Item[]
  itemsPerPiece?: number
  toJson?(item: Item): unknown
  after?: object
}): Readable {
  return Readable.from(piecesOf(parts), { objectMode: false })
}

/** Some hundred microseconds to encode and to write. */
const charactersPerPiece = 128 * 1024

/** `{"name":[…],…after}` of items that are JSON: a line each, all but the last with a comma. */
export function longLines(parts: { name: string; lines: string; after: object }): Readable {
  return Readable.from(piecesOfLines(parts), { objectMode: false })
}

async function* piecesOfLines({
  name,
  lines,
  after,
}: Parameters<typeof longLines>[0]): AsyncGenerator<string> {
  yield `{${JSON.stringify(name)}:[\n`
  for (let from = 0; from < lines.length; ) {
    // Nowhere within a character of two units.
    const end = lines.indexOf('\n', from + charactersPerPiece) + 1 || lines.length
    yield lines.slice(from, end)
    from = end
    await otherWork()
  }
  yield `\n],${membersOf(after)}}`
}

async function* piecesOf<Item>({
  before = {},
  name,
  items,
  itemsPerPiece = usualItemsPerPiece,
  toJson = (item) => item,
  after = {},
}: Parameters<typeof longAnswer<Item>>[0]): AsyncGenerator<string> {
  const first = membersOf(before)
  const last = membersOf(after)
  yield `{${first === '' ? '' : `${first},`}${JSON.stringify(name)}:[`
  for (let from = 0; from < items.length; from += itemsPerPiece) {
    const piece = items.slice(from, from + itemsPerPiece).map((item) => toJson(item))
    yield `${from === 0 ? '' : ','}${JSON.stringify(piece).slice(1, -1)}`
    await otherWork()
  }
  yield `]${last === '' ? '' : `,${last}`}}`
}

function membersOf(object: object): string {
  return JSON.stringify(object).slice(1, -1)
}
