// Reads a stream of server-sent events, one event at a time.

export type StreamEvent = { name: string; data: Record<string, unknown> }

export async function* eventsIn(response: Response): AsyncGenerator<StreamEvent> {
  if (response.body === null) return
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    const events = text.split('\n\n')
    text = events.pop() ?? ''
    for (const event of events) {
      const [, name = '', data = '{}'] = /^event: (\w+)\ndata: (.*)$/.exec(event) ?? []
      yield { name, data: JSON.parse(data) as Record<string, unknown> }
    }
  }
}
