// What slides up for the second tap.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../../shared/i18n";
import { cover } from "../../shared/modal";

export function Sheet({
	title,
	onClose,
	children,
}: {
	title: string;
	onClose: () => void;
	children: ComponentChildren;
}) {
	const box = useRef<HTMLDialogElement>(null);
	useEffect(() => (box.current ? cover(box.current, onClose) : undefined), []);
	return (
		<dialog
			ref={box}
			class="sheet"
			aria-label={title}
			onCancel={(e) => {
				e.preventDefault();
				onClose();
			}}
		>
			<h2>{title}</h2>
			{children}
			<button type="button" class="big quiet" onClick={onClose}>
				{t({ zh: "返回", en: "Back" })}
			</button>
		</dialog>
	);
}
