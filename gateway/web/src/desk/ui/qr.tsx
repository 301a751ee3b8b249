// A code for another phone's camera, on the desk.
import { useMemo } from "preact/hooks";
import { drawQr } from "../../pass/ui/qr";

/** Draws a text as a QR of a size in CSS px. */
export function QrCode({ text, label, size = 232 }: { text: string; label: string; size?: number }) {
	const { side, path } = useMemo(
		() => drawQr(text, /^[0-9A-Z $%*+\-./:]+$/.test(text) ? "Alphanumeric" : "Byte"),
		[text],
	);
	return (
		<svg
			class="qrcode"
			role="img"
			aria-label={label}
			width={size}
			height={size}
			viewBox={`0 0 ${side} ${side}`}
			shape-rendering="crispEdges"
		>
			<rect width={side} height={side} fill="#fff" />
			<path d={path} fill="#000" />
		</svg>
	);
}
