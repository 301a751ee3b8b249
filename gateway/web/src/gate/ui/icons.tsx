// Icons as shapes of their own: each verdict has an outline that is told apart
// without its colour.
import type { JSX } from "preact";

export type IconName = keyof typeof PATHS;

const line = (d: string): JSX.Element => <path class="line" d={d} />;

const PATHS = {
	// Verdicts: circle, triangle, octagon, eye, thermometer.
	green: (
		<>
			<circle cx="12" cy="12" r="11" fill="currentColor" />
			<path class="cut" d="M6.5 12.5l4 4 7-8.5" />
		</>
	),
	yellow: (
		<>
			<path fill="currentColor" d="M12 1.5L23.5 22H.5z" />
			<path class="cut" d="M12 9v6M12 18.4v.1" />
		</>
	),
	red: (
		<>
			<path fill="currentColor" d="M7.5 1h9L23 7.5v9L16.5 23h-9L1 16.5v-9z" />
			<path class="cut" d="M6.5 12h11" />
		</>
	),
	grey: (
		<>
			{line("M1.5 12S5.5 5 12 5s10.5 7 10.5 7-4 7-10.5 7S1.5 12 1.5 12z")}
			<circle cx="12" cy="12" r="3.6" fill="currentColor" />
		</>
	),
	again: (
		<>
			{line("M9 14V5a2.5 2.5 0 0 1 5 0v9a4.5 4.5 0 1 1-5 0z")}
			<circle cx="11.5" cy="18" r="2.4" fill="currentColor" />
			{line("M17.5 5h4M17.5 9h3M17.5 13h4")}
		</>
	),
	trouble: (
		<>
			<rect x="1.5" y="1.5" width="21" height="21" rx="4" fill="currentColor" />
			<path class="cut" d="M8.5 9a3.5 3.5 0 1 1 5 3.2c-1 .5-1.5 1.1-1.5 2.3M12 17.9v.1" />
		</>
	),
	in: line("M3 12h13M11 6l6 6-6 6M20 4v16"),
	out: line("M21 12H8M13 6l-6 6 6 6M4 4v16"),
	back: line("M15 5l-7 7 7 7"),
	close: line("M6 6l12 12M18 6L6 18"),
	menu: line("M3 6h18M3 12h18M3 18h18"),
	car: line("M5 11l1.8-5h10.4L19 11M3.5 11h17v6h-17zM6 17v2M18 17v2M7 14h.1M17 14h.1"),
	search: line("M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.5 15.5L21 21"),
	pen: line("M4 20l1-4L16 5l3 3L8 19zM14 7l3 3"),
	keypad: line("M6 3h12v18H6zM9.5 7h5M9.5 12h.1M14.5 12h.1M9.5 16.5h.1M14.5 16.5h.1"),
	torch: line("M8 3h8v4l-2 4v10h-4V11L8 7zM8 7h8M12 14v2"),
	phone: line("M5 3h4l1.5 5L8 9.5a13 13 0 0 0 6.5 6.5L16 13.5l5 1.5v4a2 2 0 0 1-2 2A16 16 0 0 1 3 5a2 2 0 0 1 2-2z"),
	siren: line("M6 17v-5a6 6 0 0 1 12 0v5M4 21h16v-4H4zM12 1v2M3 5l1.5 1.5M21 5l-1.5 1.5"),
	list: line("M4 6h2M10 6h10M4 12h2M10 12h10M4 18h2M10 18h10"),
	gear: line("M4 7h10M18 7h2M4 17h2M10 17h10M14 5h4v4h-4zM6 15h4v4H6z"),
	leave: line("M10 4H4v16h6M9 12h11M16 8l4 4-4 4"),
	paper: line("M6 3h9l4 4v14H6zM9 11h7M9 15h7M9 7h3"),
	visitor: line("M9 4a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM2.5 20c0-4 3-6 6.5-6s6.5 2 6.5 6M19 8v6M16 11h6"),
	photo: line("M3 7h4l2-3h6l2 3h4v13H3zM12 9.5a3.7 3.7 0 1 1 0 7.4 3.7 3.7 0 0 1 0-7.4z"),
	undo: line("M9 5L4 10l5 5M4 10h10a6 6 0 0 1 0 12h-2"),
	erase: line("M9 5h12v14H9l-6-7zM12 9l6 6M18 9l-6 6"),
	clock: line("M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM12 7v5l3.5 2"),
	info: line("M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM12 11v6M12 7v.1"),
} as const;

/** An icon beside a word, which says what it means: it is hidden from screen readers. */
export function Icon({ name, size = 28 }: { name: IconName; size?: number }) {
	return (
		<svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
			{PATHS[name]}
		</svg>
	);
}
