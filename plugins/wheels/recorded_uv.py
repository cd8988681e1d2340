"""What uv 0.13.9 wrote to stderr where it found no versions, for tests."""

CONFLICT = """\
error: No solution found when resolving dependencies
  cause: Because apache-airflow-providers-amazon==6.0.0 depends on \
apache-airflow-providers-common-sql>=1.2.0 and you require \
apache-airflow-providers-amazon==6.0.0, we can conclude that you require \
apache-airflow-providers-common-sql>=1.2.0.
         And because you require apache-airflow-providers-common-sql==1.1.0, we can conclude that \
your requirements are unsatisfiable.
"""
"""What uv wrote of 5.0.8 with another version of `amazon`."""

NOT_PUBLISHED_YET = """\
error: No solution found when resolving dependencies
  cause: Because there is no version of apache-airflow-providers-amazon==6.0.0 and you require \
apache-airflow-providers-amazon==6.0.0, we can conclude that your requirements are unsatisfiable.

hint: `apache-airflow-providers-amazon` was filtered by `exclude-newer` to only include packages \
uploaded before 2022-08-31T23:59:59Z. The requested version, v6.0.0, was published at \
2022-10-01T14:17:03.29Z. Consider using `exclude-newer-package` to override the cutoff for this \
package.
"""
"""The same, as of a day on which the version was not published yet."""

FAILED_BUILD = """\
error: Failed to build `impyla==0.16.3`
  cause: The build backend returned an error
  cause: Call to `setuptools.build_meta:__legacy__.get_requires_for_build_wheel` failed (exit \
status: 1)

         [stderr]
         Downloading https://index.example/packages/source/s/setuptools/setuptools-3.4.4.zip
         Traceback (most recent call last):
           File "cache/sdists-v11/pypi/impyla/0.16.3/7auLSs1rdFy8cMgU/src/ez_setup.py", line 126, \
in use_setuptools
             raise CalledProcessError(retcode, cmd)
         subprocess.CalledProcessError: Command '['curl', 'https://index.example/packages/source/\
s/setuptools/setuptools-3.4.4.zip', '--silent', '--output', 'setuptools-3.4.4.zip']' returned \
non-zero exit status 6.

hint: `impyla` (v0.16.3) was included because `astronomer-providers[all]` (v1.8.0) depends on \
`impyla`

hint: Build failures usually indicate a problem with the package or the build environment
"""
"""The same as of four years later. The lines of the traceback in between are left out."""

NO_NETWORK = """\
error: Request failed after 3 retries in 11.1s
  cause: Failed to fetch `https://index.example/simple/demo/`
  cause: client error (Connect)
  cause: dns error
"""
