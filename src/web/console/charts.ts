// A chart of the last five minutes, in steps of a second.

import { useEffect, useRef } from 'preact/hooks'
import Plot from 'uplot'
import { type Html, html } from './html.ts'
import { secondsShown } from './model.ts'

export type Line = { label: string; colour: string; values: readonly (number | null)[] }
export type ChartParts = { title: string; lines: readonly Line[]; times: readonly number[] }

export function Chart({ title, lines, times }: ChartParts): Html {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<Plot | null>(null)
  const data = [times, ...lines.map(({ values }) => values)] as unknown as Plot.AlignedData
  useEffect(() => {
    const { current } = place
    if (current === null) return undefined
    const made = new Plot(optionsOf(lines, sizeOf(current)), data, current)
    chart.current = made
    const resized = new ResizeObserver(() => {
      made.setSize(sizeOf(current))
    })
    resized.observe(current)
    return () => {
      resized.disconnect()
      made.destroy()
    }
  }, [lines.map(({ label }) => label).join()])
  useEffect(() => {
    chart.current?.setData(data, false)
    const last = times.at(-1) ?? 0
    chart.current?.setScale('x', { min: last - secondsShown, max: last })
  }, [times.at(-1)])
  const legend = lines.map(
    ({ label, colour, values }) =>
      html`<li><span class=${`key ${colour}`}></span>${label}
        <b>${numberText(values.at(-1))}</b></li>`,
  )
  return html`<figure class="chart"><figcaption>${title}</figcaption>
    <ul>${legend}</ul><div class="plot" ref=${place} aria-hidden="true"></div></figure>`
}

const strokes: Readonly<Record<string, string>> = {
  green: '#15803d',
  red: '#b91c1c',
  grey: '#64748b',
  blue: '#1d4ed8',
  orange: '#c2410c',
}

type Size = { width: number; height: number }

function sizeOf({ clientWidth: width, clientHeight: height }: Element): Size {
  return { width, height }
}

function optionsOf(lines: readonly Line[], size: Size): Plot.Options {
  const series = lines.map(({ label, colour }) => {
    return { label, stroke: strokes[colour] ?? '#0f172a', width: 2, points: { show: false } }
  })
  const axis = { stroke: '#475569', grid: { stroke: '#e2e8f0', width: 1 } }
  return {
    ...size,
    series: [{}, ...series],
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_chart, _min, max) => [0, Math.max(1, (max ?? 0) * 1.1)] } },
    axes: [
      {
        ...axis,
        values: (_chart, ticks) => ticks.map(timeText),
        incrs: [60, 120, 300],
        space: 40,
        size: 32,
      },
      { ...axis, size: 56 },
    ],
  }
}

function timeText(seconds: number): string {
  const parts = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
  return new Intl.DateTimeFormat(document.documentElement.lang, parts).format(seconds * 1_000)
}

function numberText(value: number | null | undefined): string {
  return value === null || value === undefined
    ? '–'
    : new Intl.NumberFormat(document.documentElement.lang).format(value)
}
