// A browser writes an error of its own for each refusal that a page gets. So pages ask for 200
// with the status beside it, and go on as by the status.

export const quietly = 'answer-status'

/** What a call was answered that was asked with `prefer: quietly`. */
export function statusOf({ status, headers }: Response): number {
  return Number(headers.get(quietly) ?? status)
}
