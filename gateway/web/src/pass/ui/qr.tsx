// The pass as a QR: dark modules on white with the quiet zone that scanners need,
// as one path, so that the change at the boundary is one change of the picture.

import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import qrcode from "qrcode-generator";

/** Modules of white around the symbol, as ISO/IEC 18004 asks for. */
const QUIET = 4;

/**
 * One symbol: its side in modules with the quiet zone, and the dark ones as a path. What is
 * not in capitals takes the mode Byte.
 */
export function drawQr(text: string, mode: "Alphanumeric" | "Byte" = "Alphanumeric"): { side: number; path: string } {
	const qr = qrcode(0, "M");
	qr.addData(text, mode);
	qr.make();
	const n = qr.getModuleCount();
	let path = "";
	for (let row = 0; row < n; row++) {
		for (let col = 0; col < n; col++) {
			let run = 0;
			while (col + run < n && qr.isDark(row, col + run)) {
				run++;
			}
			if (run > 0) {
				path += `M${col + QUIET} ${row + QUIET}h${run}v1h-${run}z`;
				col += run;
			}
		}
	}
	return { side: n + 2 * QUIET, path };
}

/** The largest side (CSS px) within room whose modules are whole pixels of the screen. */
export function sharpSide(room: number, modules: number, ratio: number): number {
	const pixels = Math.floor((room * ratio) / modules);
	return pixels < 1 ? room : (pixels * modules) / ratio;
}

/**
 * Draws a pass as large as its box and the window allow. beside is what else has
 * to stay in view above and below (CSS px).
 */
export function Qr({ text, label, beside }: { text: string; label: string; beside: number }) {
	const { side, path } = useMemo(() => drawQr(text), [text]);
	const box = useRef<HTMLDivElement>(null);
	const [room, setRoom] = useState(0);
	useLayoutEffect(() => {
		const measure = () => {
			const width = box.current?.clientWidth ?? 0;
			setRoom(Math.max(180, Math.min(width, window.innerHeight - beside)));
		};
		measure();
		window.addEventListener("resize", measure);
		return () => window.removeEventListener("resize", measure);
	}, [beside]);
	const size = `${sharpSide(room, side, window.devicePixelRatio || 1)}px`;
	return (
		<div class="qr" ref={box}>
			<svg
				role="img"
				aria-label={label}
				viewBox={`0 0 ${side} ${side}`}
				shape-rendering="crispEdges"
				style={{ width: size, height: size }}
			>
				<path class="white" d={`M0 0h${side}v${side}H0z`} />
				<path d={path} />
			</svg>
		</div>
	);
}
