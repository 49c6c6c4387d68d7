// COPY … FROM STDIN for pg, which has none, but lets a query of one's own speak to the connection.
// Everything is sent without waiting to be asked for it: a server that refuses the statement
// drops the rows, and the others need one round trip less.

import type { Connection, Submittable } from 'pg'
import type { SqlRow } from './database.ts'
import { copyText } from './text.ts'

export type CopyQuery = { query: Submittable; done: Promise<number> }

/** While the server stores these, the next ones are made. */
const rowsPerChunkMax = 100

export function createCopyQuery(text: string, rows: readonly SqlRow[]): CopyQuery {
  const done = Promise.withResolvers<number>()
  let count = 0
  const query: CopySubmittable = {
    submit(pgConnection) {
      const connection = pgConnection as CopyConnection
      connection.query(text)
      for (let at = 0; at < rows.length; at += rowsPerChunkMax) {
        connection.sendCopyFromChunk(Buffer.from(copyText(rows.slice(at, at + rowsPerChunkMax))))
      }
      connection.endCopyFrom()
    },
    handleCopyInResponse() {},
    handleCommandComplete(message) {
      count = Number(message.text.slice('COPY '.length))
    },
    handleReadyForQuery: () => done.resolve(count),
    handleError: done.reject,
  }
  return { query, done: done.promise }
}

/** What pg has, though its types do not say so. */
type CopyConnection = Connection & {
  sendCopyFromChunk(chunk: Buffer): void
  endCopyFrom(): void
}
type CopySubmittable = Submittable & {
  handleCopyInResponse(): void
  handleCommandComplete(message: { text: string }): void
  handleReadyForQuery(): void
  handleError(error: Error): void
}
