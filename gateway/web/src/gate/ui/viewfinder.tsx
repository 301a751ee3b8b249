// The camera's picture. It stays in the page while screens change, so that the
// camera need not start again for the next person.
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../../shared/i18n";
import type { Scanner, Text } from "../types";
import { Icon } from "./icons";
import { useModel } from "./model";
import { Key } from "./parts";

type Status = Scanner["status"]["value"];

const WHY: Record<Exclude<Status, "off" | "starting" | "running">, Text> = {
	denied: {
		zh: "没有相机权限。点地址栏左边的锁 → 权限 → 允许相机，再点「重试」。",
		en: "The camera is not allowed. Tap the lock beside the address → Permissions → allow the camera, then try again.",
	},
	no_camera: { zh: "没有找到相机，可用扫码枪或查人", en: "No camera here: use a hand scanner, or find people by name" },
	insecure: {
		zh: "网址不是 https，浏览器不给用相机，也不能离线用。请拍照扫码。",
		en: "This address is not https: the browser gives no camera, and the gate does not work offline. Take photos.",
	},
	busy: { zh: "相机被别的应用占用，关掉它再点「重试」", en: "Another app is using the camera: close it and try again" },
	failed: { zh: "相机出错了", en: "The camera failed" },
};

/** where: full takes the room of the page, inset is a small picture over a verdict, away is not to be seen. */
export function Viewfinder({ where }: { where: "full" | "inset" | "away" }) {
	const model = useModel();
	const video = useRef<HTMLVideoElement>(null);
	const { scanner } = model;
	const status = scanner.status.value;
	const start = () => {
		if (video.current) {
			// What goes wrong is in scanner.status.
			scanner.start(video.current, model.seen).catch(() => undefined);
		}
	};
	useEffect(() => {
		start();
		return () => scanner.stop();
	}, []);
	const works = status === "running" || status === "starting" || status === "off";
	return (
		<section class={`view ${where} ${status}`} aria-label={t({ zh: "扫码", en: "Camera" })}>
			<video ref={video} muted playsInline hidden={!works} />
			{where === "full" && works && <div class={`frame ${model.reading.value ? "on" : ""}`} aria-hidden="true" />}
			{where === "full" && status === "starting" && (
				<p class="hint">{t({ zh: "正在打开相机…", en: "Opening the camera…" })}</p>
			)}
			{where === "full" && !works && <NoCamera why={WHY[status]} status={status} onRetry={start} />}
			{where === "full" && works && <Torch />}
		</section>
	);
}

function NoCamera(p: { why: Text; status: Status; onRetry: () => void }) {
	return (
		<div class="nocamera">
			<p>{t(p.why)}</p>
			{p.status === "insecure" && (
				<p>
					<a href="/ca">{t({ zh: "怎样装证书、用 https 打开", en: "How to install the certificate and use https" })}</a>
				</p>
			)}
			<div class="pair">
				<PhotoKey />
				{p.status !== "insecure" && <Key onPress={p.onRetry}>{t({ zh: "重试", en: "Try again" })}</Key>}
			</div>
		</div>
	);
}

/** Takes a photo and reads the codes in it, where there is no camera to look through. */
function PhotoKey() {
	const model = useModel();
	const [reading, setReading] = useState(false);
	const read = async (input: HTMLInputElement) => {
		const file = input.files?.[0];
		if (!file) {
			return;
		}
		setReading(true);
		try {
			const texts = await model.scanner.decodePhoto(file);
			if (texts.length > 0) {
				model.seen({ texts, at: Date.now(), via: "photo" });
			} else {
				model.say({ zh: "照片里没有找到码，请靠近一点再拍", en: "No code in the photo: go closer and take it again" });
			}
		} catch {
			model.say({ zh: "这张照片打不开，请再拍一张", en: "That photo cannot be read: take it again" });
		} finally {
			input.value = ""; // the same file may be chosen again
			setReading(false);
		}
	};
	return (
		<label class={`key main photo ${reading ? "busy" : ""}`}>
			<Icon name="photo" />
			<span>{reading ? t({ zh: "识别中…", en: "Reading…" }) : t({ zh: "拍照扫码", en: "Take a photo" })}</span>
			<input
				type="file"
				accept="image/*"
				capture="environment"
				disabled={reading}
				onChange={(e) => void read(e.currentTarget)}
			/>
		</label>
	);
}

function Torch() {
	const { scanner } = useModel();
	const torch = scanner.torch.value;
	if (torch === "none") {
		return null;
	}
	return (
		<Key
			icon="torch"
			class="torch"
			pressed={torch === "on"}
			label={t({ zh: "手电筒", en: "Torch" })}
			onPress={() => void scanner.setTorch(torch !== "on").catch(() => undefined)}
		/>
	);
}
