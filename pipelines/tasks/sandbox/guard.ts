/** The Python code that runs a program as in HumanEval's harness. @module */

/**
 * Defines `_run`, which returns `None` if a program passes, and the exception as text if it fails.
 *
 * It disables the same functions as HumanEval's harness (`reliability_guard`), since its verdicts depend on that; the
 * machine's safety does not.
 */
export const guard = String.raw`
def _run(program, longest):
    import builtins, io, os, shutil, subprocess, sys

    class Silence(io.TextIOBase):
        """Takes any output and keeps none; there is no input."""
        def write(self, text):
            if not isinstance(text, str):
                raise TypeError("string argument expected, got %r" % type(text).__name__)
            return len(text)
        def writable(self):
            return True
        def readable(self):
            return False
        def read(self, *_):
            raise OSError
        readline = readlines = __next__ = read

    for module, names in (
        (os, "kill system putenv remove removedirs rmdir fchdir setuid fork forkpty killpg rename renames truncate "
             "replace unlink fchmod fchown chmod chown chroot lchflags lchmod lchown getcwd chdir"),
        (shutil, "rmtree move chown"),
        (subprocess, "Popen"),
        (builtins, "exit quit help"),
    ):
        for name in names.split():
            setattr(module, name, None)
    for name in ("ipdb", "joblib", "resource", "psutil", "tkinter", "js", "pyodide_js"):
        sys.modules[name] = None
    sys.stdin = sys.stdout = sys.stderr = Silence()
    try:
        exec(program, {})
        return None
    except BaseException as error:
        try:
            return str(error)[:longest]
        except BaseException as unprintable:
            return type(unprintable).__name__
`;
