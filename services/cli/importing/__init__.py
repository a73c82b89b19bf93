"""`accesspoint import`: an older system's file read row by row, and sent to intake as rows of ours."""
