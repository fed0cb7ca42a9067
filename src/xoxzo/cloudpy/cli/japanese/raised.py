"""Errors of the library with names in them, matched as they were raised: the first one that fits is taken."""

WORDS = {
    # The simulator.
    "cannot listen on {where}: ports go from 0 to 65535": "{where} で待ち受けできません: ポートは 0 から 65535 です",
    "cannot listen on {where}: Address already in use": "{where} で待ち受けできません: すでに使われています",
    "cannot listen on {where}: {why}": "{where} で待ち受けできません: {why}",
    "{path} is not a database of the simulator": "{path} はシミュレーターのデータベースではありません",
    "{path} was written by a newer version of the simulator": (
        "{path} は新しいバージョンのシミュレーターで作られています"
    ),
    "{path} is damaged": "{path} は壊れています",
    "{path} is in use by another simulator": "{path} は別のシミュレーターが使用中です",
    "there is no setting {name}; did you mean {near}?": "設定 {name} はありません。{near} ではありませんか?",
    "there is no setting {name}": "設定 {name} はありません",
    "{name} wants a value of the type {kind}": "{name} には {kind} 型の値を指定してください",
    "{variable} must be the address of a simulator on this machine, http://127.0.0.1:8080": (
        "{variable} にはこのマシンのシミュレーターのアドレスを指定してください。例: http://127.0.0.1:8080"
    ),
    "no simulator answers at {url}, which {variable} names": ("{variable} の {url} でシミュレーターが応答しません"),
    "no simulator answers at {simulator}: start one with `xoxzo simulator`": (
        "{simulator} でシミュレーターが応答しません。`xoxzo simulator` で起動してください"
    ),
    "what answers at {simulator} is no simulator": "{simulator} で応答したのはシミュレーターではありません",
    "the simulator refused: {why}": "シミュレーターに拒否されました: {why}",
    "no simulator can be started: {folder}: {error}": "シミュレーターを起動できません: {folder}: {error}",
    "the simulator did not start: {why}": "シミュレーターが起動しませんでした: {why}",
    "the simulator did not start within {seconds} s": "シミュレーターが {seconds} 秒以内に起動しませんでした",
}
